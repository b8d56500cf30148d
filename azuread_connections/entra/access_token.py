"""Access-token validation, for an API of this site: a pure function, as that of ID tokens.

Only for tokens that Microsoft issues for the site's *own* registration. A token for Microsoft Graph
is for Graph alone: nobody else can validate it.

https://learn.microsoft.com/entra/identity-platform/access-tokens;
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .cloud import CLOUDS, Authority
from .errors import AccessTokenInvalid, GraphTokenSent
from .jwks import SigningKey
from .signed_token import (
    VERSIONS,
    RuleBroken,
    check_header,
    check_issuer,
    check_key_cloud,
    check_key_scope,
    check_signature,
    check_times,
    decode,
    fail,
    is_guest,
    is_guid,
    name_claims,
    text_claim,
)

#: Microsoft Graph's application ID, and that of its retired predecessor.
_GRAPH_IDS = frozenset(
    {"00000003-0000-0000-c000-000000000000", "00000002-0000-0000-c000-000000000000"}
)
_GRAPH_URLS = frozenset(
    {"https://graph.windows.net", *(cloud.graph_resource for cloud in CLOUDS.values())}
)
#: ID tokens have some of these, and access tokens none.
_ONLY_IN_ID_TOKENS = ("nonce", "at_hash", "c_hash")
#: The client has proven itself by a secret or a certificate: `azpacr` of v2.0, `appidacr` of v1.0.
_PROVEN_CLIENT = ("1", "2")
_MAX_NAMES, _MAX_NAME = 100, 120


@dataclass(frozen=True)
class UnverifiedAccessToken:
    """A token with the form of an access token. Nothing in it is proven."""

    text: str = field(repr=False)
    key_id: str
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def audience(self) -> str:
        return str(self.claims["aud"])

    @property
    def tenant_id(self) -> str:
        return str(self.claims["tid"])

    @property
    def object_id(self) -> str:
        return str(self.claims["oid"])

    @property
    def session_id(self) -> str:
        return text_claim(self.claims, "sid").lower()

    @property
    def issued_at(self) -> float:
        return float(self.claims["iat"])

    @property
    def is_app_only(self) -> bool:
        return "scp" not in self.claims

    def is_guest(self, authorities: Collection[Authority]) -> bool:
        """Return whether the person is a guest of the directory, in whichever of the clouds."""
        return all(is_guest(self.claims, authority) for authority in authorities)


@dataclass(frozen=True)
class AccessTokenPolicy:
    """The values that a token must have.

    ``authority``: the connection's cloud and tenant segment; the token's version decides the
    identity API, as both are valid for an API (``accessTokenAcceptedVersion``). ``audiences``: the
    client ID and the App ID URIs of the registration. ``tenant_id``: the directory's GUID, None for
    any (the common endpoint).
    """

    authority: Authority
    audiences: frozenset[str]
    tenant_id: str | None


@dataclass(frozen=True)
class AccessTokenClaims:
    """A validated access token.

    ``client_id``: the application that has asked for the token. ``scopes``: what it may do on
    behalf of the person; empty for an application of its own. ``roles``: app roles, of the
    application where ``is_app_only``, else of the person.
    """

    tenant_id: str
    object_id: str
    client_id: str
    is_app_only: bool
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    issued_at: float
    expires_at: float
    everything: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def read_access_token(text: str, *, now: float) -> UnverifiedAccessToken:
    """Check what needs neither the connection nor a key: form, times, and that it is an access
    token. Raises ``AccessTokenInvalid``, for a token of Graph's ``GraphTokenSent``."""
    try:
        header, claims = decode(text)
        if _is_for_graph(header, claims):
            raise GraphTokenSent
        key_id = check_header(header)
        _check_shape(claims)
        check_times(claims, now)
    except RuleBroken as broken:
        raise AccessTokenInvalid(str(broken)) from None
    return UnverifiedAccessToken(text, key_id, claims)


def validate_access_token(
    token: UnverifiedAccessToken,
    *,
    policy: AccessTokenPolicy,
    find_key: Callable[[Authority, str], SigningKey],
) -> AccessTokenClaims:
    """Return the claims of a valid token.

    ``find_key`` takes the authority, under the token's identity API, and a key ID. Raises
    ``AccessTokenInvalid``, which names the rule, and the exceptions of ``find_key``.
    """
    versions = {version: api for api, version in VERSIONS.items()}
    authority = replace(policy.authority, identity_api=versions[token.claims["ver"]])
    try:
        issuer = check_issuer(token.claims, authority, policy.tenant_id)
        if token.audience not in policy.audiences:
            fail("it is for another API (aud)")
        key = find_key(authority, token.key_id)
        check_key_cloud(key, authority)
        check_key_scope(key, authority, token.tenant_id, issuer)
        check_signature(token.text, key)
    except RuleBroken as broken:
        raise AccessTokenInvalid(str(broken)) from None
    return _parse(token)


def _is_for_graph(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Graph's tokens name Graph, and have a `nonce` in the header that breaks the signature."""
    audience = claims.get("aud")
    named = audience.lower().rstrip("/") if isinstance(audience, str) else ""
    return "nonce" in header or named in _GRAPH_IDS or named in _GRAPH_URLS


def _check_shape(claims: Mapping[str, Any]) -> None:
    if claims.get("ver") not in VERSIONS.values():
        fail("its version (ver) is neither 1.0 nor 2.0")
    if not is_guid(claims.get("tid")) or not is_guid(claims.get("oid")):
        fail("tid or oid is missing or not a GUID")
    if not isinstance(claims.get("aud"), str) or not claims["aud"]:
        fail("it names no single audience (aud)")
    if any(name in claims for name in _ONLY_IN_ID_TOKENS):
        fail("it is an ID token (nonce): send an access token for this API")
    if "cnf" in claims:
        # RFC 7800: the caller has to prove that they have the key. Taken as a bearer token, a copy
        # of the token would be enough.
        fail("it is bound to a key (cnf), so it is not a bearer token")
    if not is_guid(_client_id(claims)):
        fail("it names no client (azp or appid), as an ID token: send an access token for this API")
    if "scp" in claims:
        _check_delegated(claims)
    else:
        _check_app_only(claims)


def _check_delegated(claims: Mapping[str, Any]) -> None:
    if not text_claim(claims, "scp").strip() or claims.get("idtyp", "user") != "user":
        fail("its scopes (scp) are not those of a person")


def _check_app_only(claims: Mapping[str, Any]) -> None:
    """An application's own token is told from other tokens without a scope.

    `idtyp` is an optional claim. Without it, the subject is the application's own object, which it
    never is for a person.
    """
    if claims.get("idtyp", "app") != "app" or claims.get("sub") != claims["oid"]:
        fail("it has neither scopes (scp) nor is it an application's own")
    if claims.get("azpacr", claims.get("appidacr")) not in _PROVEN_CLIENT:
        fail("its client has not authenticated itself (azpacr or appidacr)")


def _client_id(claims: Mapping[str, Any]) -> object:
    """v2.0 tokens have `azp`, v1.0 tokens `appid`."""
    return claims.get("azp" if claims.get("ver") == "2.0" else "appid")


def _parse(token: UnverifiedAccessToken) -> AccessTokenClaims:
    claims = token.claims
    scopes = {"scp": text_claim(claims, "scp").split()}
    return AccessTokenClaims(
        tenant_id=token.tenant_id,
        object_id=token.object_id,
        client_id=str(_client_id(claims)),
        is_app_only=token.is_app_only,
        scopes=name_claims(scopes, "scp", _MAX_NAMES, _MAX_NAME),
        roles=name_claims(claims, "roles", _MAX_NAMES, _MAX_NAME),
        issued_at=token.issued_at,
        expires_at=float(claims["exp"]),
        everything=claims,
    )
