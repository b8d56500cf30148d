"""A small API, which checks access tokens by the site's published keys (RFC 9068 section 4)."""

from __future__ import annotations

from functools import cache
from typing import Any

import jwt
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .registered import API_IDENTIFIER
from .settings import ISSUER

_NEEDED_SCOPE = "read:orders"
_ORDERS = [
    {"number": 1001, "item": "Bicycle bell", "quantity": 40},
    {"number": 1002, "item": "Rear light", "quantity": 12},
]


@require_safe
def orders(request: HttpRequest) -> JsonResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return _refuse(401, "")
    try:
        claims = verify(token)
    except jwt.PyJWTError:
        return _refuse(401, "invalid_token")
    if _NEEDED_SCOPE not in claims.get("scope", "").split():
        return _refuse(403, "insufficient_scope")
    return JsonResponse({"orders": _ORDERS, "for": claims["client_id"]})


def verify(token: str) -> dict[str, Any]:
    """Return the claims of an access token for this API. Raises ``jwt.PyJWTError``."""
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("This is another kind of token.")
    claims: dict[str, Any] = jwt.decode(
        token,
        _keys().get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=API_IDENTIFIER,
        issuer=ISSUER,
        options={"require": ["exp", "iat", "aud", "iss", "sub", "client_id"]},
    )
    return claims


@cache
def _keys() -> jwt.PyJWKClient:
    """The site's keys, which it fetches again when it meets an unknown one."""
    return jwt.PyJWKClient(f"{ISSUER}.well-known/jwks.json")


def _refuse(status: int, error: str) -> JsonResponse:
    response = JsonResponse({"error": error or "unauthorized"}, status=status)
    response["WWW-Authenticate"] = f'Bearer error="{error}"' if error else "Bearer"
    return response
