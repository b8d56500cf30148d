"""ID tokens as the v1.0 and v2.0 endpoints issue them."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection
from typing import Any, Literal

from ..directory.apps import App
from ..directory.directories import Directory, Person
from .groups_claim import group_claims
from .keys import SigningKey, base64url

Version = Literal["v1.0", "v2.0"]

# Microsoft back-dates iat and nbf, so that exp - iat is 65 minutes for a token of one hour.
BACKDATED = 300
LIFETIME = 3900


def issuer(url: str, tenant_id: str, version: Version) -> str:
    """v1's issuer is on another host than the authority, as at Microsoft."""
    if version == "v1.0":
        return f"https://sts.windows.net/{tenant_id}/"
    return f"{url}/{tenant_id}/v2.0"


def id_token_claims(
    *,
    url: str,
    directory: Directory,
    app: App,
    person: Person,
    version: Version,
    scopes: Collection[str],
    nonce: str | None,
    now: float,
    session_id: str | None = None,
    authenticated_at: float | None = None,
    asks_auth_time: bool = False,
    contexts: Collection[str] = (),
) -> dict[str, Any]:
    """All claims of one ID token, the person's own `claims` merged in last."""
    issued_at = int(now) - BACKDATED
    claims: dict[str, Any] = {
        "aud": app.client_id,
        "iss": issuer(url, directory.tenant_id, version),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + LIFETIME,
        "aio": secrets.token_urlsafe(48),
        "nonce": nonce,
        "rh": f"1.A{secrets.token_urlsafe(33)}.",
        "sub": pairwise_subject(app, person),
        "tid": directory.tenant_id,
        "uti": secrets.token_urlsafe(16),
    }
    if version == "v1.0":
        claims |= _v1_claims(person)
    else:
        claims |= _v2_claims(person, scopes)
    if person.guest:
        claims["idp"] = _identity_provider(person)
    claims |= group_claims(app, person)
    claims |= optional_claims(app, person, session_id)
    if asks_auth_time or "auth_time" in app.optional_claims:
        claims["auth_time"] = int(now if authenticated_at is None else authenticated_at)
    if contexts:
        claims["acrs"] = list(contexts)
    # Without being asked for, wherever the directory has assigned some.
    claims["roles"] = app.roles_of(person) or None
    claims |= person.claims
    return {name: value for name, value in claims.items() if value is not None}


def pairwise_subject(app: App, person: Person) -> str:
    """Another `sub` for every app and directory: 43 characters of base64url."""
    seed = f"{person.directory.tenant_id}/{app.client_id}/{person.object_id}"
    return base64url(hashlib.sha256(seed.encode()).digest())


def client_info(person: Person) -> str:
    """Microsoft's own addition, sent when asked for with `client_info=1`."""
    pair = {"uid": person.object_id, "utid": person.directory.tenant_id}
    return base64url(json.dumps(pair, separators=(",", ":")).encode())


def id_token_header(key: SigningKey, version: Version) -> dict[str, Any]:
    header = {"typ": "JWT", "alg": "RS256", "kid": key.kid}
    if version == "v1.0":
        header["x5t"] = key.kid
    return header


def encode(header: dict[str, Any], claims: dict[str, Any], key: SigningKey) -> str:
    """The compact token: unsigned where the header says so, otherwise signed RS256."""
    signing_input = f"{_segment(header)}.{_segment(claims)}"
    if header.get("alg") == "none":
        return f"{signing_input}."
    return f"{signing_input}.{base64url(key.sign(signing_input.encode()))}"


def unsigned_header() -> dict[str, Any]:
    """The header of the unsigned tokens that v1 can issue."""
    return {"typ": "JWT", "alg": "none"}


def _v2_claims(person: Person, scopes: Collection[str]) -> dict[str, Any]:
    claims: dict[str, Any] = {"ver": "2.0"}
    if "profile" in scopes:
        claims |= {
            "name": person.name,
            "oid": person.object_id,
            "preferred_username": person.sign_in_name,
        }
    # Guests get `email` by default, others with the scope, and only with a mail address.
    if "email" in scopes or person.guest:
        claims["email"] = person.mail
    return claims


def _v1_claims(person: Person) -> dict[str, Any]:
    return {
        "ver": "1.0",
        "amr": list(person.methods),
        "email": person.mail if person.guest else None,
        "family_name": person.family_name,
        "given_name": person.given_name,
        "ipaddr": "127.0.0.1",
        "name": person.name,
        "oid": person.object_id,
        "unique_name": person.sign_in_name,
        "upn": None if person.guest else person.upn,
    }


def optional_claims(app: App, person: Person, session_id: str | None) -> dict[str, Any]:
    """The claims that the app's registration adds; None leaves a claim unchanged."""
    values: dict[str, Any] = {
        "acct": 1 if person.guest else 0,
        "amr": list(person.methods),
        "email": person.mail,
        "family_name": person.family_name,
        "given_name": person.given_name,
        "login_hint": base64url(f"O.{person.object_id}".encode()),
        "sid": session_id,
        "upn": None if person.guest else person.upn,
        "ctry": person.graph.get("country"),
        "employeeid": person.graph.get("employeeId"),
    }
    # https://learn.microsoft.com/entra/identity-platform/optional-claims (directory extensions)
    values |= {
        name: person.graph.get(name)
        for name in app.optional_claims
        if name.startswith("extension_")
    }
    return {
        _in_token(name): values[name]
        for name in app.optional_claims
        if name in values and values[name] is not None
    }


def _in_token(name: str) -> str:
    """`extension_<app ID without dashes>_skypeId` is `extn.skypeId` in a token."""
    return f"extn.{name.split('_', 2)[-1]}" if name.startswith("extension_") else name


def _identity_provider(person: Person) -> str:
    """The home directory, or `mail`: a guest who proves an address by one-time passcode."""
    if person.home is None:
        return "mail"
    if person.home.is_personal:
        return "live.com"
    return f"https://sts.windows.net/{person.home.tenant_id}/"


def _segment(part: dict[str, Any]) -> str:
    return base64url(json.dumps(part, separators=(",", ":")).encode())
