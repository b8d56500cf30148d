"""From claims to a normalised profile, and from that to the Django user's fields."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.db.models import Field

from ..entra.id_token import IdTokenClaims
from ..models import Connection


@dataclass(frozen=True)
class Profile:
    """A person as the directory describes them. All of it is text that anybody may have chosen.

    ``email_verified``: the address's domain is known to belong to the person's directory.
    """

    name: str
    given_name: str
    family_name: str
    email: str
    email_verified: bool
    username: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_profile(claims: IdTokenClaims, connection: Connection) -> Profile:
    """Return the basic profile of a validated ID token.

    The address is the first of `email`, `preferred_username` and `upn` that is one.
    """
    candidates = (claims.email, claims.preferred_username, claims.upn)
    email = next((value for value in candidates if _is_email(value)), "")
    vouched_for = claims.email_domain_verified and email == claims.email
    return Profile(
        name=claims.name,
        given_name=claims.given_name,
        family_name=claims.family_name,
        email=email,
        email_verified=vouched_for or is_own_address(email, claims, connection),
        username=claims.upn or claims.preferred_username,
    )


def is_own_address(value: str, claims: IdTokenClaims, connection: Connection) -> bool:
    """Return whether an address or UPN is in the connection's domain, and so is the person.

    Only a directory that owns a domain can give people names in it; in any other directory the
    same text proves nothing.
    """
    domain = value.rpartition("@")[2].lower()
    return "@" in value and claims.tenant_id == connection.tenant_id and domain == connection.domain


def sync_user(user: AbstractBaseUser, profile: Profile) -> list[str]:
    """Set the fields that differ; return their names. The user is not saved.

    An address that is not verified is never written: other code may send passwords to it.
    """
    given, family = _names(profile)
    wanted = {"first_name": given, "last_name": family}
    if profile.email_verified:
        wanted[user.get_email_field_name()] = profile.email
    changed = []
    for name, value in wanted.items():
        field = _field(user, name)
        if field is None or name == get_user_model().USERNAME_FIELD:
            continue
        fitting = cut(value, field)
        if fitting and getattr(user, name) != fitting:
            setattr(user, name, fitting)
            changed.append(name)
    return changed


def cut(value: str, field: Field[Any, Any]) -> str:
    return value[: field.max_length] if field.max_length else value


def _names(profile: Profile) -> tuple[str, str]:
    """v2.0 gives only the full name unless optional claims are set: then the last word is the
    family's, which is right more often than an empty field."""
    if profile.given_name or profile.family_name:
        return profile.given_name, profile.family_name
    given, _, family = profile.name.rpartition(" ")
    return (given, family) if given else (family, "")


def _field(user: AbstractBaseUser, name: str) -> Field[Any, Any] | None:
    try:
        field = user._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
