"""The parameter `claims` of an authorization request, and Microsoft's claims challenges.

https://learn.microsoft.com/entra/identity-platform/claims-challenge;
OpenID Connect Core 1.0 section 5.5
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

#: Microsoft's challenges have some hundred characters. A longer one would not fit into a redirect:
#: proxies allow 4 kB for the header of a response.
MAX_LENGTH = 1000
#: RFC 9110 section 11.6.1: `claims="…"` among the parameters of a challenge. Base64 has no quotes.
_CLAIMS = re.compile(r'(?:^|[\s,])claims="(?P<value>[A-Za-z0-9+/_=-]{1,2000})"', re.IGNORECASE)
_INSUFFICIENT = re.compile(r'error="insufficient_claims"', re.IGNORECASE)
_MAX_HEADER = 8000


def read_challenge(value: object) -> str:
    """Return a claims challenge as compact JSON; "" for anything but a JSON object of text that
    Microsoft can be sent back."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return ""
    try:
        wanted = json.loads(value, parse_constant=_refuse_constant)
        text = json.dumps(wanted, separators=(",", ":"))
    except (ValueError, RecursionError):
        return ""
    if not isinstance(wanted, dict) or not wanted or len(text) > MAX_LENGTH:
        return ""
    return text


def read_header_challenge(header: str) -> str:
    """Return the claims challenge of Graph's `WWW-Authenticate` header, or ""."""
    if len(header) > _MAX_HEADER or not _INSUFFICIENT.search(header):
        return ""
    found = _CLAIMS.search(header)
    if found is None:
        return ""
    text = found["value"].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return read_challenge(base64.b64decode(text + "=" * (-len(text) % 4)).decode())
    except ValueError:
        return ""


def claims_request(challenge: str = "", *, auth_time: bool = False, acr: str = "") -> str:
    """Return the parameter `claims`, or "" if nothing is asked for.

    ``challenge``: of ``read_challenge``; it goes along unchanged. ``auth_time``: the ID token has
    to say when the person authenticated. ``acr``: the authentication context that they must meet.
    """
    wanted: dict[str, Any] = json.loads(challenge) if challenge else {}
    own: dict[str, Any] = {}
    if acr:
        own["acrs"] = {"essential": True, "value": acr}
    if auth_time:
        own["auth_time"] = {"essential": True}
    if not own:
        return challenge
    of_challenge = wanted.get("id_token")
    wanted["id_token"] = own | (of_challenge if isinstance(of_challenge, dict) else {})
    return json.dumps(wanted, separators=(",", ":"))


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which are not JSON
