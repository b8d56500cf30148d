"""Builds a normalised profile from claims and Graph, and copies it to the Django user's fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.db.models import BooleanField, EmailField, Field, FileField

from ...conf import conf
from ...entra.graph import PROFILE_NAMES, Group
from ...entra.id_token import IdTokenClaims
from ...models import Connection
from ...models.primary import read_primary
from .names import split_name
from .trust import DomainTrust
from .usernames import require_usable

#: Attributes that can be cut to fit a column. An address or a number would be wrong then.
_MAY_BE_CUT = frozenset({"name", "given_name", "family_name", "job_title", "department", "company"})
#: Before the name of an optional claim in USER_FIELDS.
CLAIM_PREFIX = "claims."
#: Fields of a user that decide what they may do.
_RIGHTS = frozenset({"password", "is_active", "is_staff", "is_superuser", "last_login"})
#: Attributes that are an address, or look like one.
_ADDRESSES = frozenset({"email", "username"})
#: Nearly every address. Django's own expression, which decides about all others, takes 40 ms to
#: compile: the first sign-in of each process would wait for it.
_PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_MAX_PLAIN_ADDRESS = 254
#: Claims that hooks get from the profile or from Graph, or not at all: a directory can put claims
#: of these names into its tokens.
_PROFILES_OWN = (
    *("email", "email_verified", "unverified_email", "username"),
    *("name", "given_name", "family_name", *PROFILE_NAMES),
    *("groups", "hasgroups", "_claim_names", "_claim_sources", "claims"),
)


@dataclass(frozen=True)
class Profile:
    """A person as the directory describes them. The directory can write any text here.

    ``email_verified``: the address's domain is verified for the person's directory.
    ``extended``: what Graph adds, under the names of our profile. ``claims``: the optional claims
    that the connection keeps; they decide nothing.
    """

    name: str
    given_name: str
    family_name: str
    email: str
    email_verified: bool
    username: str
    extended: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all attributes in one dict, as the identity stores them. Optional claims are under
        ``claims``, if there are some."""
        basic = dict(vars(self))
        claims = dict(basic.pop("claims"))
        return {**basic.pop("extended"), **basic, **({"claims": claims} if claims else {})}


def read_profile(
    claims: IdTokenClaims,
    trust: DomainTrust,
    extended: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> Profile:
    """Return the profile of a validated ID token, with that of Graph if there is one.

    The address is the first claim in EMAIL_CLAIMS that holds an address. ``trust``: the domains
    that are verified for the person's directory. ``kept``: the optional claims to keep.
    """
    more = extended or {}
    claim, email = _email(claims)
    vouched_for = claims.email_domain_verified and claim == "email"
    return Profile(
        name=claims.name,
        given_name=more.get("given_name") or claims.given_name,
        family_name=more.get("family_name") or claims.family_name,
        email=email,
        email_verified=vouched_for or trust.vouches_for(email),
        username=claims.upn or claims.preferred_username,
        extended=more,
        claims=kept or {},
    )


def extended_part(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a stored profile that came from Graph."""
    return {name: profile[name] for name in PROFILE_NAMES if name in profile}


def merged_profile(
    connection: Connection, stored: Mapping[str, Any], profile: Profile
) -> dict[str, Any]:
    """Return a stored profile with what a directory has reported of the person without a sign-in.

    What the report does not mention stays; of the extended profile, only if Graph is asked for it.
    """
    kept = {
        name: value
        for name, value in stored.items()
        if connection.extended_profile or name not in PROFILE_NAMES
    }
    new = profile.as_dict()
    if not profile.email:
        del new["email"], new["email_verified"]
    new = {name: value for name, value in new.items() if value or name == "email_verified"}
    return {"given_name": "", "family_name": "", **kept, **new}


def hook_claims(
    claims: IdTokenClaims, profile: Profile, groups: Iterable[Group] | None
) -> dict[str, Any]:
    """Return the claims for the site's hooks: the claims of the ID token, and the profile.

    They have an ``email`` only if it is verified, so that a hook can look up users by it. Otherwise
    they have an ``unverified_email``. ``groups``: the IDs of all groups; absent if they are not
    known. The caller may change the result: it shares nothing with that of another call.
    """
    found: dict[str, Any] = _copied(claims.everything)
    for name in _PROFILES_OWN:
        found.pop(name, None)
    attributes = _attributes(profile)
    del attributes["username"]
    found |= {name: _copied(value) for name, value in attributes.items() if value}
    if profile.email and not profile.email_verified:
        found["unverified_email"] = profile.email
    found["email_verified"] = bool(profile.email) and profile.email_verified
    if groups is not None:
        found["groups"] = [group.id for group in groups]
    return found


def _copied(value: Any) -> Any:
    """Return a copy of a JSON value that shares nothing with it."""
    if isinstance(value, Mapping):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(each) for each in value)
    return value


def create_user(
    connection: Connection, username: str, profile: Profile, claims: Mapping[str, Any]
) -> Any:
    """Save and return a new user without a password. Raises ``SignInFailed``."""
    user_model = get_user_model()
    username = require_usable(username, "get_username")
    user: Any = user_model(**{user_model.USERNAME_FIELD: username})
    user.set_unusable_password()
    if connection.sync_profile != Connection.SyncProfile.NEVER:
        sync_user(user, profile, claims)
    user.save()
    return user


def update_user(
    connection: Connection, user: Any, profile: Profile, claims: Mapping[str, Any]
) -> Any:
    """Update the user, if the connection does so at each sign-in."""
    if connection.sync_profile != Connection.SyncProfile.EACH_LOGIN:
        return user
    if changed := sync_user(user, profile, claims):
        user.save(update_fields=changed)
    return user


def sync_user(
    user: AbstractBaseUser, profile: Profile, claims: Mapping[str, Any] | None = None
) -> list[str]:
    """Set the fields that differ from the profile; return their names. The user is not saved.

    ``claims``: those of ``hook_claims``, in which a site's hook can have changed other attributes
    than addresses. An address that is not verified is never written: other code may send passwords
    to it. A value that its field refuses, or that is too long, is not written either; only names
    and the like are cut. ``claims.NAME`` in USER_FIELDS is an optional claim.
    """
    attributes = _attributes(profile)
    changeable = attributes.keys() - _ADDRESSES
    attributes |= {name: value for name, value in (claims or {}).items() if name in changeable}
    changed = []
    for name, attribute in conf.user_fields.items():
        column = _column(name, attribute)
        value = _value(attributes, attribute)
        if column is None or not _may_be_written(value, column):
            continue
        if attribute in _MAY_BE_CUT and not column.unique:
            value = value[: column.max_length].strip()
        if getattr(user, name) == value:
            continue  # what is stored already is not validated again
        fitting = _accepted(column, value, user)
        if fitting is None or getattr(user, name) == fitting:
            continue
        if not _belongs_to_another(user, column, fitting):
            setattr(user, name, fitting)
            changed.append(name)
    return changed


def too_long_values(profile: Profile) -> set[tuple[str, str, int]]:
    """Return each attribute of a profile that does not fit a user's field that follows it: with its
    value, and how many characters the field takes. ``sync_user`` would cut it, or leave it out."""
    attributes = _attributes(profile)
    found = set()
    for name, attribute in conf.user_fields.items():
        column = _column(name, attribute)
        value = _value(attributes, attribute)
        length = column.max_length if column is not None else None
        if length is not None and isinstance(value, str) and len(value) > length:
            found.add((attribute, value, length))
    return found


def _attributes(profile: Profile) -> dict[str, Any]:
    """Return what a user's fields can follow: without an address that is not verified, and with the
    names in a display name if the profile has no others."""
    attributes = profile.as_dict()
    if not attributes.pop("email_verified"):
        del attributes["email"]
    if not profile.given_name and not profile.family_name:
        given, family = split_name(profile.name)
        attributes |= {"given_name": given, "family_name": family}
    return attributes


def _value(attributes: Mapping[str, Any], attribute: str) -> Any:
    if not attribute.startswith(CLAIM_PREFIX):
        value = attributes.get(attribute)
        return value if isinstance(value, str) else None
    kept = attributes.get("claims")
    return kept.get(attribute.removeprefix(CLAIM_PREFIX)) if isinstance(kept, Mapping) else None


def _may_be_written(value: Any, column: Field[Any, Any]) -> bool:
    """Return whether a value is a text, a number, or a truth value for a field of that kind."""
    if isinstance(value, bool):
        return isinstance(column, BooleanField)
    return isinstance(value, str | int | float) and value != ""


def _accepted(column: Field[Any, Any], value: Any, user: AbstractBaseUser) -> Any:
    """Return a value as the column stores it, or None if its validators refuse it."""
    try:
        # Numbers as texts: some fields take a number for something else, or fail.
        return column.clean(value if isinstance(value, bool) else str(value), user)
    except ValidationError:
        return None


def _column(name: str, attribute: str) -> Field[Any, Any] | None:
    """Return the user's field of this name, or None if it must not follow the attribute.

    The username is never synced, and the address only from ``email``, which is verified. An
    optional claim is not checked by Microsoft or this app: it decides neither what a user may do
    nor how they are found or reached.
    """
    user_model = get_user_model()
    if name == user_model.USERNAME_FIELD:
        return None
    if name == user_model.get_email_field_name() and attribute != "email":
        return None
    try:
        found = user_model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    if not isinstance(found, Field):
        return None
    if attribute.startswith(CLAIM_PREFIX) and not can_follow_claims(found):
        return None
    return found


def can_follow_claims(column: Field[Any, Any]) -> bool:
    """Return whether a user's field can be set from an optional claim."""
    return not (
        column.name in _RIGHTS
        or column.primary_key
        or column.is_relation
        or isinstance(column, EmailField | FileField)
    )


def _belongs_to_another(user: AbstractBaseUser, column: Field[Any, Any], value: Any) -> bool:
    if not column.unique:
        return False
    same = read_primary(get_user_model()).filter(**{column.name: value})
    return same.exclude(pk=user.pk).exists()


def _email(claims: IdTokenClaims) -> tuple[str, str]:
    """Return the claim that holds an address, and the address."""
    candidates = {
        "email": claims.email,
        "preferred_username": claims.preferred_username,
        "upn": claims.upn,
    }
    for claim in conf.email_claims:
        if _is_email(candidates.get(claim, "")):
            return claim, candidates[claim]
    return "", ""


def _is_email(value: str) -> bool:
    if len(value) <= _MAX_PLAIN_ADDRESS and _PLAIN_ADDRESS.fullmatch(value):
        return True
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
