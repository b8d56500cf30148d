"""What a client learns about a person, by the scopes it was granted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

from django.db import router

from ..login.lookup.realm import domain_of
from ..login.state.sealing import base64url
from ..models import DomainAlias, Identity
from ..models.prepared import Parameter, Select
from . import scopes
from .models import Authorization

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
    """Return ``sub``, and the claims that the granted scopes give. One query, or none."""
    identity = authorization.identity
    profile: dict[str, Any] = identity.profile if isinstance(identity.profile, dict) else {}
    claims: dict[str, Any] = {"sub": subject(identity)}
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
        claims["groups"] = [group["id"] for group in _groups(identity)]
    return claims


def session_claims(authorization: Authorization) -> dict[str, Any]:
    """Return what an ID token says of the sign-in itself."""
    # Microsoft says so only where the app registration asks for the claim; otherwise the time of
    # the sign-in here.
    authenticated_at = authorization.authenticated_at or authorization.signed_in_at
    return {"auth_time": int(authenticated_at), "sid": session_id(authorization)}


def subject(identity: Identity) -> str:
    """Return the person's ``sub``: the same for every client and for good, and nobody else's.

    Microsoft never gives ``(tid, oid)`` to another person. A digest, so that no client takes it
    for anything else than a name of the person here.
    """
    key = f"{identity.cloud}|{identity.tenant_id}|{identity.object_id}".lower()
    return "azuread|" + base64url(hashlib.sha256(key.encode()).digest())


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
        router.db_for_read(DomainAlias),
        connection=authorization.connection_id,
        domain=domain_of(profile["email"]),
    )
    return not any(withdrawn)


def _groups(identity: Identity) -> Iterable[dict[str, str]]:
    groups: Any = identity.groups
    return groups if isinstance(groups, list) else []
