"""ID-token validation: a pure function of the token, the keys, the policy and the clock.

The checks that all of Microsoft's tokens share are in ``signed_token``.

OpenID Connect Core 1.0 section 3.1.3.7;
https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cloud import Authority, check_issuers
from .errors import IdTokenInvalid
from .jwks import SigningKey
from .signed_token import (
    MAX_TOKEN_LENGTH,
    YEAR_3000,
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
    name_claims,
    text_claim,
)
from .text import clean_address, clean_name, storable

#: Of `amr`: how many methods are kept, and how long one can be. Sessions store them.
_MAX_METHODS, _MAX_METHOD = 8, 24
#: Of `acrs`: Microsoft has the authentication contexts "c1" to "c99", and others of its own.
_MAX_CONTEXTS, _MAX_CONTEXT = 120, 3
#: Of `roles`: Microsoft allows a role 120 characters. All are kept, since they decide rights.
_MAX_ROLE = 120


@dataclass(frozen=True)
class IdTokenPolicy:
    """The values that a token must have.

    ``tenant_id``: the directory's GUID, in lower case. None accepts any directory (the common
    endpoint): the caller then decides whether that directory is allowed. ``named_issuers``: the
    `iss` parameters that came with the code (RFC 9207).
    """

    authority: Authority
    client_id: str
    tenant_id: str | None
    nonce: str
    named_issuers: tuple[str, ...] = ()


@dataclass(frozen=True)
class IdTokenClaims:
    """A validated ID token. All but the first two can be empty, and can be any text."""

    tenant_id: str
    object_id: str
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    preferred_username: str = ""
    upn: str = ""
    email: str = ""
    #: Microsoft says that the domain of ``email`` belongs to the person's directory.
    email_domain_verified: bool = False
    #: The person is a guest: their account belongs to another directory.
    is_guest: bool = False
    session_id: str = ""
    #: Opaque; at sign-out it names the person to Microsoft.
    login_hint: str = ""
    #: When the person last authenticated at Microsoft (`auth_time`), in seconds since 1970; 0 where
    #: the app does not ask for this claim.
    authenticated_at: float = 0
    #: How the person authenticated at Microsoft (`amr`), such as "pwd" and "mfa". Every v1.0 token
    #: says so, v2.0 tokens where the app asks for this claim.
    methods: tuple[str, ...] = ()
    #: The authentication contexts of Conditional Access that the person met (`acrs`), such as "c1".
    #: Only where the sign-in asked for one.
    contexts: tuple[str, ...] = ()
    #: The app roles that the directory has given the person for this app (`roles`).
    roles: tuple[str, ...] = ()
    #: All claims, for administrators and hooks. The app uses none that is only here.
    everything: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def validate_id_token(
    token: str,
    *,
    policy: IdTokenPolicy,
    find_key: Callable[[str], SigningKey],
    access_token: str,
    now: float,
) -> IdTokenClaims:
    """Return the claims of a valid token.

    ``find_key`` takes a key ID and returns the key, from the policy's own key address. ``now`` is
    in seconds since 1970. Raises ``IdTokenInvalid``, which names the rule, and the exceptions of
    ``find_key``.
    """
    try:
        header, claims = decode(token)
        key_id = check_header(header)
        issuer = check_issuer(claims, policy.authority, policy.tenant_id)
        check_issuers(policy.authority, policy.named_issuers, tenant_id=claims["tid"])
        _check_audience(claims, policy.client_id)
        check_times(claims, now)
        _check_nonce(claims, policy.nonce)
        _check_access_token(claims, access_token)
        key = find_key(key_id)
        check_key_cloud(key, policy.authority)
        check_key_scope(key, policy.authority, claims["tid"], issuer)
        check_signature(token, key)
    except RuleBroken as broken:
        raise IdTokenInvalid(f"ID token refused: {broken}.") from None
    return _parse(claims, policy.authority)


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    if claims.get("aud") not in (client_id, [client_id]):
        fail("it is for another application (aud)")
    if claims.get("azp", client_id) != client_id:
        fail("it was issued to another application (azp)")


def _check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    value = claims.get("nonce")
    if not nonce or not isinstance(value, str) or not _same(value, nonce):
        fail("it belongs to another sign-in (nonce)")


def _check_access_token(claims: Mapping[str, Any], access_token: str) -> None:
    # OpenID Connect Core 1.0 section 3.1.3.6. Microsoft sends it from /authorize only.
    if "at_hash" not in claims:
        return
    half = hashlib.sha256(access_token.encode("utf-8", "replace")).digest()[:16]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    if not isinstance(claims["at_hash"], str) or not _same(claims["at_hash"], expected):
        fail("it belongs to another access token (at_hash)")


def _parse(claims: Mapping[str, Any], authority: Authority) -> IdTokenClaims:
    email = clean_address(text_claim(claims, "email"))
    return IdTokenClaims(
        tenant_id=claims["tid"],
        object_id=claims["oid"],
        name=clean_name(text_claim(claims, "name")),
        given_name=clean_name(text_claim(claims, "given_name")),
        family_name=clean_name(text_claim(claims, "family_name")),
        preferred_username=clean_address(text_claim(claims, "preferred_username")),
        upn=clean_address(text_claim(claims, "upn")),
        email=email,
        # Documented as a boolean; some tokens have "1".
        email_domain_verified=bool(email) and claims.get("xms_edov") in (True, "1", "true"),
        is_guest=is_guest(claims, authority),
        session_id=storable(text_claim(claims, "sid")).strip(),
        login_hint=storable(text_claim(claims, "login_hint")).strip(),
        authenticated_at=_optional_time(claims, "auth_time"),
        methods=name_claims(claims, "amr", _MAX_METHODS, _MAX_METHOD),
        contexts=name_claims(claims, "acrs", _MAX_CONTEXTS, _MAX_CONTEXT),
        roles=name_claims(claims, "roles", MAX_TOKEN_LENGTH, _MAX_ROLE),
        everything=claims,
    )


def _optional_time(claims: Mapping[str, Any], name: str) -> float:
    """Return a claim that is a time, or 0 for anything else."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < YEAR_3000:
        return value
    return 0


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode())
