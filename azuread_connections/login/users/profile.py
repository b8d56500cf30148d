"""Builds a normalised profile from claims and Graph, and copies it to the Django user's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Return the claims for the site's hooks: all claims of the ID token, and the profile.

    They have an ``email`` only if it is verified, so that a hook can look up users by it. Otherwise
    they have an ``unverified_email``. ``groups``: the IDs of all groups, if they are known.
    """
    attributes = {name: value for name, value in profile.as_dict().items() if value}
    email, verified = attributes.pop("email", ""), attributes.pop("email_verified", False)
    found = dict(claims.everything)
    for name in ("email", "email_verified"):
        found.pop(name, None)
    found |= attributes
    if email:
        found["email" if verified else "unverified_email"] = email
        found["email_verified"] = verified
    if not profile.given_name and not profile.family_name:
        given, family = split_name(profile.name)
        found |= {"given_name": given, "family_name": family}
    if groups is not None:
        found["groups"] = [group.id for group in groups]
    return found


def create_user(connection: Connection, username: str, claims: Mapping[str, Any]) -> Any:
    """Save and return a new user without a password. Raises ``SignInFailed``."""
    user_model = get_user_model()
    username = require_usable(username, "get_username")
    user: Any = user_model(**{user_model.USERNAME_FIELD: username})
    user.set_unusable_password()
    if connection.sync_profile != Connection.SyncProfile.NEVER:
        sync_user(user, claims)
    user.save()
    return user


def update_user(connection: Connection, user: Any, claims: Mapping[str, Any]) -> Any:
    """Update the user, if the connection does so at each sign-in."""
    if connection.sync_profile != Connection.SyncProfile.EACH_LOGIN:
        return user
    if changed := sync_user(user, claims):
        user.save(update_fields=changed)
    return user


def sync_user(user: AbstractBaseUser, claims: Mapping[str, Any]) -> list[str]:
    """Set the fields that differ from the claims of ``hook_claims``; return their names.

    The user is not saved. An address that is not verified is never written: other code may send
    passwords to it. A value that its field refuses, or that is too long, is not written either;
    only names and the like are cut.
    """
    changed = []
    for name, attribute in conf.user_fields.items():
        column = _column(name)
        value = claims.get(attribute)
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


def _accepted(column: Field[Any, Any], value: str, user: AbstractBaseUser) -> Any:
    """Return a value as the column stores it, or None if its validators refuse it."""
    try:
        return column.clean(value, user)
    except ValidationError:
        return None


def _column(name: str) -> Field[Any, Any] | None:
    """Return the user's field of this name, or None. The username is never synced."""
    user_model = get_user_model()
    if name == user_model.USERNAME_FIELD:
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
