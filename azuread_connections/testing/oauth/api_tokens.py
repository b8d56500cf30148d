"""Access tokens for an app's own API, for a person or for an app itself.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..directory.apps import App
from ..directory.directories import Directory, Person
from .keys import SigningKey
from .permissions import OIDC_SCOPES
from .tokens import BACKDATED, LIFETIME, encode, id_token_header, issuer, pairwise_subject

APP_ID_URI = "api://"


@dataclass(frozen=True)
class ApiToken:
    """What a token is for. ``client``: the app that asks for it. Without a person, it is the app's
    own. ``scopes``: granted to the client on behalf of the person."""

    directory: Directory
    api: App
    client: App
    person: Person | None = None
    scopes: tuple[str, ...] = field(default=())


def api_of_scopes(scopes: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Return the resource and the names of scopes such as `api://…/Files.Read`."""
    named = [scope for scope in scopes if scope.lower() not in OIDC_SCOPES]
    resources = {scope.rpartition("/")[0] for scope in named}
    names = tuple(scope.rpartition("/")[2] for scope in named)
    return (resources.pop() if len(resources) == 1 else ""), names


def api_token(wanted: ApiToken, *, url: str, now: float, key: SigningKey, **other: Any) -> str:
    """Return the signed token; ``other`` are claims to replace, None removes one."""
    claims = api_token_claims(wanted, url=url, now=now) | other
    claims = {name: value for name, value in claims.items() if value is not None}
    return encode(id_token_header(key, wanted.api.access_token_version), claims, key)


def api_token_claims(wanted: ApiToken, *, url: str, now: float) -> dict[str, Any]:
    """The audience of v1.0 tokens is the App ID URI, that of v2.0 tokens the client ID."""
    api, client, person = wanted.api, wanted.client, wanted.person
    is_v1 = api.access_token_version == "v1.0"
    issued_at = int(now) - BACKDATED
    subject = pairwise_subject(api, person) if person else client.service_principal_id
    app_id_uri = api.app_id_uri or f"{APP_ID_URI}{api.client_id}"
    proof = "0" if client.platform == "public" else "1"
    return {
        "aud": app_id_uri if is_v1 else api.client_id,
        "iss": issuer(url, wanted.directory.tenant_id, api.access_token_version),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + LIFETIME,
        "aio": secrets.token_urlsafe(24),
        "appid" if is_v1 else "azp": client.client_id,
        "appidacr" if is_v1 else "azpacr": proof,
        "name": person.name if person else None,
        "oid": person.object_id if person else client.service_principal_id,
        "preferred_username": person.sign_in_name if person and not is_v1 else None,
        "rh": f"1.A{secrets.token_urlsafe(33)}.",
        "roles": api.roles_of(person or client) or None,
        "scp": " ".join(wanted.scopes) if person else None,
        "sub": subject,
        "tid": wanted.directory.tenant_id,
        "upn": person.sign_in_name if person and is_v1 else None,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0" if is_v1 else "2.0",
    }
