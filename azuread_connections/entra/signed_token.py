"""What ID tokens and access tokens of Microsoft's have in common: their form and their signature.

Cheap checks come first, so that a forged token causes no request for keys. Nothing in the token
decides how it is checked. Each function raises ``RuleBroken``, which names the rule.

RFC 7515, RFC 7519;
https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from jwt.algorithms import RSAAlgorithm

from .cloud import V1, V2, Authority
from .jwks import SigningKey
from .text import clean_address

ALGORITHM = "RS256"
#: Seconds by which two clocks may differ.
LEEWAY = 120
#: A token with 200 groups, the maximum, has some 12 kB.
MAX_TOKEN_LENGTH = 64 * 1024
#: Not every platform can read later times.
YEAR_3000 = 32_503_680_000
#: The claim `ver` of each identity API's tokens.
VERSIONS = {V1: "1.0", V2: "2.0"}

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)


class RuleBroken(Exception):
    """A token breaks a rule. ``str()`` is the end of a sentence: "it has expired (exp)"."""


def fail(reason: str) -> NoReturn:
    raise RuleBroken(reason)


def decode(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, not yet validated. RFC 7515 section 3.1: three parts."""
    if len(token) > MAX_TOKEN_LENGTH:
        fail("it is too long")
    parts = token.split(".")
    if len(parts) != 3:
        fail("it is not a signed JWT")
    return _decode_object(parts[0]), _decode_object(parts[1])


def _decode_object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(
            _decode_bytes(part),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        fail("it is not well-formed")
    if not isinstance(value, dict):
        fail("it is not well-formed")
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


def check_header(header: Mapping[str, Any]) -> str:
    """Return the key ID. Keys inside the header (jwk, jku, x5u, x5c) are never used."""
    if header.get("alg") != ALGORITHM:
        fail(f"its algorithm is not {ALGORITHM}")
    if "crit" in header:
        fail("it has a critical extension (RFC 7515 section 4.1.11)")
    if "b64" in header:
        fail("its payload may not be encoded (RFC 7797)")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        fail("it names no key")
    return key_id


def check_issuer(claims: Mapping[str, Any], authority: Authority, tenant_id: str | None) -> str:
    """Check directory, subject, issuer and version; return the issuer.

    ``tenant_id``: the directory's GUID; None accepts any directory of the authority's cloud.
    """
    if not is_guid(claims.get("tid")) or not is_guid(claims.get("oid")):
        fail("tid or oid is missing or not a GUID")
    if not isinstance(claims.get("sub"), str) or not claims["sub"].strip():
        fail("it names no subject (sub)")
    if tenant_id not in (None, claims["tid"]):
        fail("it is for another directory (tid)")
    issuer = authority.issuer(claims["tid"])
    if claims.get("iss") != issuer:
        fail("its issuer (iss) is not the directory's")
    if claims.get("ver") != VERSIONS[authority.identity_api]:
        fail("its version (ver) is not the identity API's")
    return issuer


def check_times(claims: Mapping[str, Any], now: float) -> None:
    if _time(claims, "exp") <= now - LEEWAY:
        fail("it has expired (exp)")
    # Microsoft back-dates iat and nbf by five minutes, so an old iat says nothing.
    if _time(claims, "iat") > now + LEEWAY:
        fail("it was issued in the future (iat)")
    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:
        fail("it is not valid yet (nbf)")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        fail(f"it has no time {name}")
    # A forged token can have a number that is no date: its reader would fail, not refuse it.
    if not 0 <= value < YEAR_3000:
        fail(f"its time {name} is out of range")
    return value


def check_key_scope(key: SigningKey, authority: Authority, tenant_id: str, issuer: str) -> None:
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
        fail("its signing key is not for this directory")


def check_key_cloud(key: SigningKey, authority: Authority) -> None:
    """A key signs only in its own cloud. v1.0 and older v2.0 documents name no cloud.

    https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
    """
    if key.cloud_instance_name and key.cloud_instance_name != authority.cloud.instance_name:
        fail("its signing key is of another cloud (cloud_instance_name)")


def check_signature(token: str, key: SigningKey) -> None:
    signed, _, signature = token.rpartition(".")
    try:
        is_right = _RS256.verify(signed.encode(), key.public_key, _decode_bytes(signature))
    except ValueError:
        is_right = False
    if not is_right:
        fail("its signature is wrong")


def is_guest(claims: Mapping[str, Any], authority: Authority) -> bool:
    """Guests have `acct` 1 (an optional claim), a foreign `idp`, or "#EXT#" in their UPN."""
    names = text_claim(claims, "upn") + text_claim(claims, "preferred_username")
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


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """Return a text claim, or "" for anything else."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def name_claims(claims: Mapping[str, Any], name: str, most: int, longest: int) -> tuple[str, ...]:
    """Return the first names of a claim that is a list of names, each once. What is not a name, or
    is too long, is left out: each one stands for itself."""
    value = claims.get(name)
    found = value if isinstance(value, list) else ()
    texts = [text for text in found if isinstance(text, str) and 0 < len(text) <= longest]
    return tuple(dict.fromkeys(text for text in texts if _is_name(text)))[:most]


def _is_name(text: str) -> bool:
    return text.isprintable() and " " not in text


def is_guid(value: object) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None
