"""Builds a normalised profile from claims and Graph, and copies it to the Django user's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.db.models import Field

from ...conf import conf
from ...entra.graph import PROFILE_NAMES, Group
from ...entra.id_token import IdTokenClaims
from ...models import Connection
from .names import split_name
from .trust import DomainTrust
from .usernames import require_usable

#: Attributes that can be cut to fit a column. An address or a number would be wrong then.
_MAY_BE_CUT = frozenset({"name", "given_name", "family_name", "job_title", "department", "company"})
#: Attributes that are an address, or look like one.
_ADDRESSES = frozenset({"email", "username"})
#: Claims that hooks get from the profile or from Graph, or not at all: a directory can put claims
#: of these names into its tokens.
_PROFILES_OWN = (
    *("email", "email_verified", "unverified_email", "username"),
    *("name", "given_name", "family_name", *PROFILE_NAMES),
    *("groups", "hasgroups", "_claim_names", "_claim_sources"),
)


@dataclass(frozen=True)
class Profile:
    """A person as the directory describes them. The directory can write any text here.

    ``email_verified``: the address's domain is verified for the person's directory.
    ``extended``: what Graph adds, under the names of our profile.
    """

    name: str
    given_name: str
    family_name: str
    email: str
    email_verified: bool
    username: str
    extended: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all attributes in one dict, as the identity stores them."""
        basic = dict(vars(self))
        return {**basic.pop("extended"), **basic}


def read_profile(
    claims: IdTokenClaims, trust: DomainTrust, extended: Mapping[str, Any] | None = None
) -> Profile:
    """Return the profile of a validated ID token, with that of Graph if there is one.

    The address is the first claim in EMAIL_CLAIMS that holds an address. ``trust``: the domains
    that are verified for the person's directory.
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
    )


def extended_part(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a stored profile that came from Graph."""
    return {name: profile[name] for name in PROFILE_NAMES if name in profile}


def hook_claims(
    claims: IdTokenClaims, profile: Profile, groups: Iterable[Group] | None
) -> dict[str, Any]:
    """Return the claims for the site's hooks: the claims of the ID token, and the profile.

    They have an ``email`` only if it is verified, so that a hook can look up users by it. Otherwise
    they have an ``unverified_email``. ``groups``: the IDs of all groups; absent if they are not
    known. The caller may change the result: it shares nothing with that of another call.
    """
    found = {name: deepcopy(value) for name, value in claims.everything.items()}
    for name in _PROFILES_OWN:
        found.pop(name, None)
    attributes = _attributes(profile)
    del attributes["username"]
    found |= {name: deepcopy(value) for name, value in attributes.items() if value}
    if profile.email and not profile.email_verified:
        found["unverified_email"] = profile.email
    found["email_verified"] = bool(profile.email) and profile.email_verified
    if groups is not None:
        found["groups"] = [group.id for group in groups]
    return found


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
    and the like are cut.
    """
    attributes = _attributes(profile)
    changeable = attributes.keys() - _ADDRESSES
    attributes |= {name: value for name, value in (claims or {}).items() if name in changeable}
    changed = []
    for name, attribute in conf.user_fields.items():
        column = _column(name, attribute)
        value = attributes.get(attribute)
        if column is None or not isinstance(value, str) or not value:
            continue
        if attribute in _MAY_BE_CUT and not column.unique:
            value = value[: column.max_length].strip()
        fitting = _accepted(column, value, user)
        if fitting is None or getattr(user, name) == fitting:
            continue
        if not _belongs_to_another(user, column, fitting):
            setattr(user, name, fitting)
            changed.append(name)
    return changed


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


def _accepted(column: Field[Any, Any], value: str, user: AbstractBaseUser) -> Any:
    """Return a value as the column stores it, or None if its validators refuse it."""
    try:
        return column.clean(value, user)
    except ValidationError:
        return None


def _column(name: str, attribute: str) -> Field[Any, Any] | None:
    """Return the user's field of this name, or None if it must not follow the attribute.

    The username is never synced, and the address only from ``email``, which is verified.
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
    return found if isinstance(found, Field) else None


def _belongs_to_another(user: AbstractBaseUser, column: Field[Any, Any], value: Any) -> bool:
    if not column.unique:
        return False
    same = get_user_model()._default_manager.filter(**{column.name: value})
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
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
