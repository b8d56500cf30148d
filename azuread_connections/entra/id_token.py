"""ID-token validation: a pure function of the token, the keys, the policy and the clock.

Cheap checks come first, so that a forged token causes no request for keys. Nothing in the token
decides how it is checked.

OpenID Connect Core 1.0 section 3.1.3.7;
https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from jwt.algorithms import RSAAlgorithm

from .cloud import V1, V2, Authority, check_issuers
from .errors import IdTokenInvalid
from .jwks import SigningKey
from .text import clean_address, clean_name, storable

ALGORITHM = "RS256"
#: Seconds by which two clocks may differ.
LEEWAY = 120
#: A token with 200 groups, the maximum, has some 12 kB.
MAX_TOKEN_LENGTH = 64 * 1024

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
_VERSIONS = {V1: "1.0", V2: "2.0"}

#: Of `amr`: how many methods are kept, and how long one can be. Sessions store them.
_MAX_METHODS, _MAX_METHOD = 8, 24
#: Of `roles`: Microsoft allows a role 120 characters. An identity stores them.
_MAX_ROLES, _MAX_ROLE = 100, 120
#: Not every platform can read later times.
_YEAR_3000 = 32_503_680_000


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
    header, claims = _decode(token)
    key_id = _check_header(header)
    tenant_id, issuer = _check_directory(claims, policy)
    _check_audience(claims, policy.client_id)
    _check_times(claims, now)
    _check_nonce(claims, policy.nonce)
    _check_access_token(claims, access_token)
    key = find_key(key_id)
    _check_key_cloud(key, policy.authority)
    _check_key_scope(key, policy.authority, tenant_id, issuer)
    _check_signature(token, key)
    return _parse(claims, policy.authority)


def _fail(reason: str) -> NoReturn:
    raise IdTokenInvalid(f"ID token refused: {reason}.")


def _decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, not yet validated. RFC 7515 section 3.1: three parts."""
    if len(token) > MAX_TOKEN_LENGTH:
        _fail("it is too long")
    parts = token.split(".")
    if len(parts) != 3:
        _fail("it is not a signed JWT")
    return _decode_object(parts[0]), _decode_object(parts[1])


def _decode_object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(
            _decode_bytes(part),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        _fail("it is not well-formed")
    if not isinstance(value, dict):
        _fail("it is not well-formed")
    return value


def _decode_bytes(part: str) -> bytes:
    # Python would skip characters outside the alphabet (RFC 7515 section 2).
    if not _BASE64URL.fullmatch(part):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7519 section 4: claim names are unique. Two parsers could use different ones.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity, which are not JSON


def _check_header(header: Mapping[str, Any]) -> str:
    """Return the key ID. Keys inside the header (jwk, jku, x5u, x5c) are never used."""
    if header.get("alg") != ALGORITHM:
        _fail(f"its algorithm is not {ALGORITHM}")
    if "crit" in header:
        _fail("it has a critical extension (RFC 7515 section 4.1.11)")
    if "b64" in header:
        _fail("its payload may not be encoded (RFC 7797)")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        _fail("it names no key")
    return key_id


def _check_directory(claims: Mapping[str, Any], policy: IdTokenPolicy) -> tuple[str, str]:
    """Return the directory's GUID and its issuer."""
    if not _is_guid(claims.get("tid")) or not _is_guid(claims.get("oid")):
        _fail("tid or oid is missing or not a GUID")
    if not isinstance(claims.get("sub"), str) or not claims["sub"].strip():
        _fail("it names no subject (sub)")
    tenant_id = str(claims["tid"])
    if policy.tenant_id not in (None, tenant_id):
        _fail("it is for another directory (tid)")
    issuer = policy.authority.issuer(tenant_id)
    if claims.get("iss") != issuer:
        _fail("its issuer (iss) is not the directory's")
    check_issuers(policy.authority, policy.named_issuers, tenant_id=tenant_id)
    if claims.get("ver") != _VERSIONS[policy.authority.identity_api]:
        _fail("its version (ver) is not the identity API's")
    return tenant_id, issuer


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    if claims.get("aud") not in (client_id, [client_id]):
        _fail("it is for another application (aud)")
    if claims.get("azp", client_id) != client_id:
        _fail("it was issued to another application (azp)")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    if _time(claims, "exp") <= now - LEEWAY:
        _fail("it has expired (exp)")
    # Microsoft back-dates iat and nbf by five minutes, so an old iat says nothing.
    if _time(claims, "iat") > now + LEEWAY:
        _fail("it was issued in the future (iat)")
    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:
        _fail("it is not valid yet (nbf)")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        _fail(f"it has no time {name}")
    return value


def _check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    value = claims.get("nonce")
    if not nonce or not isinstance(value, str) or not _same(value, nonce):
        _fail("it belongs to another sign-in (nonce)")


def _check_access_token(claims: Mapping[str, Any], access_token: str) -> None:
    # OpenID Connect Core 1.0 section 3.1.3.6. Microsoft sends it from /authorize only.
    if "at_hash" not in claims:
        return
    half = hashlib.sha256(access_token.encode("utf-8", "replace")).digest()[:16]
    expected = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    if not isinstance(claims["at_hash"], str) or not _same(claims["at_hash"], expected):
        _fail("it belongs to another access token (at_hash)")


def _check_key_scope(key: SigningKey, authority: Authority, tenant_id: str, issuer: str) -> None:
    """A key signs only for its issuer; ``{tenantid}`` in that stands for any directory.

    https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signing-key-issuer
    """
    expected = {issuer}
    if authority.identity_api == V1:
        if key.issuer is None:
            return
        # v1.0 keys have no issuer today; if one had, it would be in the form of v2.0.
        expected.add(replace(authority, identity_api=V2).issuer(tenant_id))
    if (key.issuer or "").replace("{tenantid}", tenant_id) not in expected:
        _fail("its signing key is not for this directory")


def _check_key_cloud(key: SigningKey, authority: Authority) -> None:
    """A key signs only in its own cloud. v1.0 and older v2.0 documents name no cloud.

    https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
    """
    if key.cloud_instance_name and key.cloud_instance_name != authority.cloud.instance_name:
        _fail("its signing key is of another cloud (cloud_instance_name)")


def _check_signature(token: str, key: SigningKey) -> None:
    signed, _, signature = token.rpartition(".")
    try:
        is_right = _RS256.verify(signed.encode(), key.public_key, _decode_bytes(signature))
    except ValueError:
        is_right = False
    if not is_right:
        _fail("its signature is wrong")


def _parse(claims: Mapping[str, Any], authority: Authority) -> IdTokenClaims:
    email = clean_address(_text(claims, "email"))
    return IdTokenClaims(
        tenant_id=claims["tid"],
        object_id=claims["oid"],
        name=clean_name(_text(claims, "name")),
        given_name=clean_name(_text(claims, "given_name")),
        family_name=clean_name(_text(claims, "family_name")),
        preferred_username=clean_address(_text(claims, "preferred_username")),
        upn=clean_address(_text(claims, "upn")),
        email=email,
        # Documented as a boolean; some tokens have "1".
        email_domain_verified=bool(email) and claims.get("xms_edov") in (True, "1", "true"),
        is_guest=_is_guest(claims, authority),
        session_id=storable(_text(claims, "sid")).strip(),
        login_hint=storable(_text(claims, "login_hint")).strip(),
        authenticated_at=_optional_time(claims, "auth_time"),
        methods=_names(claims, "amr", _MAX_METHODS, _MAX_METHOD),
        roles=_names(claims, "roles", _MAX_ROLES, _MAX_ROLE),
        everything=claims,
    )


def _is_guest(claims: Mapping[str, Any], authority: Authority) -> bool:
    """Guests have `acct` 1 (an optional claim), a foreign `idp`, or "#EXT#" in their UPN."""
    names = _text(claims, "upn") + _text(claims, "preferred_username")
    return (
        claims.get("acct") in (1, "1")
        or _is_home_elsewhere(claims, authority)
        or "#EXT#" in clean_address(names).upper()
    )


def _is_home_elsewhere(claims: Mapping[str, Any], authority: Authority) -> bool:
    """Return whether `idp` names another directory than the token's own.

    If it is missing, it equals the issuer. Some tokens have it for members, too: empty, or as the
    directory's issuer under either identity API, with or without the last slash.
    """
    home = claims.get("idp")
    if home is None or home == "":
        return False
    issuers = (replace(authority, identity_api=api).issuer(claims["tid"]) for api in (V1, V2))
    own = {issuer.rstrip("/") for issuer in issuers}
    return not isinstance(home, str) or home.removesuffix("/") not in own


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Return a text claim, or "" for anything else."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _names(claims: Mapping[str, Any], name: str, most: int, longest: int) -> tuple[str, ...]:
    """Return the first names of a claim that is a list of names, each once. What is not a name, or
    is too long, is left out: each one stands for itself."""
    value = claims.get(name)
    found = value if isinstance(value, list) else ()
    texts = [text for text in found if isinstance(text, str) and 0 < len(text) <= longest]
    return tuple(dict.fromkeys(text for text in texts if _is_name(text)))[:most]


def _is_name(text: str) -> bool:
    return text.isprintable() and " " not in text


def _optional_time(claims: Mapping[str, Any], name: str) -> float:
    """Return a claim that is a time, or 0 for anything else."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _YEAR_3000:
        return value
    return 0


def _is_guid(value: object) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode())
