"""What a client learns about a person, by the scopes it was granted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.db import router

from ..login.lookup.realm import domain_of
from ..login.state.sealing import base64url
from ..models import DomainAlias, Identity
from ..models.prepared import Parameter, Select
from . import scopes
from .models import Authorization
from .subjects import subject

#: Each claim, and the scope that it needs. The others are in every ID token.
CLAIM_SCOPES = {
    "name": scopes.PROFILE,
    "given_name": scopes.PROFILE,
    "family_name": scopes.PROFILE,
    "preferred_username": scopes.PROFILE,
    "connection": scopes.PROFILE,
    "tid": scopes.PROFILE,
    "oid": scopes.PROFILE,
    "email": scopes.EMAIL,
    "email_verified": scopes.EMAIL,
    "groups": scopes.GROUPS,
    "roles": scopes.ROLES,
}
_WITHDRAWN = Select(
    lambda: DomainAlias._default_manager.filter(
        connection=Parameter("connection"),
        domain=Parameter("domain"),
        withdrawn_at__isnull=False,
    ).order_by(),
    models={"alias": ""},
)
_FROM_PROFILE = {
    "name": "name",
    "given_name": "given_name",
    "family_name": "family_name",
    "preferred_username": "username",
}


def person_claims(authorization: Authorization, granted: Collection[str]) -> dict[str, Any]:
    """Return ``sub``, and the claims that the granted scopes give.

    No query, but one for the proof of the address's domain, and one for Auth0's user ID.
    """
    identity = authorization.identity
    profile: dict[str, Any] = identity.profile if isinstance(identity.profile, dict) else {}
    claims: dict[str, Any] = {"sub": subject(identity, authorization.client)}
    if scopes.PROFILE in granted:
        for claim, attribute in _FROM_PROFILE.items():
            if value := profile.get(attribute):
                claims[claim] = value
        claims |= {
            "connection": authorization.connection.name,
            "tid": identity.tenant_id,
            "oid": identity.object_id,
        }
    if scopes.EMAIL in granted and profile.get("email"):
        claims["email"] = profile["email"]
        claims["email_verified"] = _is_verified(authorization, profile)
    if scopes.GROUPS in granted:
        claims["groups"] = [group["id"] for group in _as_list(identity.groups)]
    if scopes.ROLES in granted:
        claims["roles"] = _roles(authorization)
    return claims


def session_claims(authorization: Authorization) -> dict[str, Any]:
    """Return what an ID token says of the sign-in itself."""
    found: dict[str, Any] = {"sid": session_id(authorization)}
    # Only what Microsoft says: a client that asked for `max_age` relies on it, and such a request
    # is answered with an error where Microsoft says nothing.
    if authorization.authenticated_at:
        found["auth_time"] = int(authorization.authenticated_at)
    if methods := _as_list(authorization.methods):
        found["amr"] = methods
    return found


def find_identity(key: int) -> Identity | None:
    found: Identity | None = Identity._default_manager.filter(pk=key).first()
    return found


def session_id(authorization: Authorization) -> str:
    """Return the ``sid`` of a sign-in: the same for all clients of one sign-in in one browser, and
    another on each device, which is signed in for itself."""
    key = f"{authorization.identity_id}|{authorization.connection_id}"
    if not authorization.browser_session:
        key += f"|{authorization.family}"
    return base64url(hashlib.sha256(f"{key}|{authorization.signed_in_at!r}".encode()).digest()[:16])


def _is_verified(authorization: Authorization, profile: dict[str, Any]) -> bool:
    """Return whether the address was known at the sign-in to be the directory's, and no answer of
    Microsoft's has taken the domain's proof back since."""
    if not profile.get("email_verified"):
        return False
    withdrawn = _WITHDRAWN.rows(
        router.db_for_write(DomainAlias),
        connection=authorization.connection_id,
        domain=domain_of(profile["email"]),
    )
    return not any(withdrawn)


def _roles(authorization: Authorization) -> list[str]:
    """Return the person's app roles. They are those of one app registration: where the person has
    come by another connection since, there are none to tell."""
    identity = authorization.identity
    if identity.connection_id != authorization.connection_id:
        return []
    return _as_list(identity.roles)


def _as_list(stored: Any) -> list[Any]:
    return stored if isinstance(stored, list) else []
