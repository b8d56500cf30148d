"""An authorization request that waits for its person to sign in, sealed in a cookie.

As for a sign-in, nothing is stored on our side. The address itself would be too long to come back
through Microsoft.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ..login.lookup import addresses
from ..login.state import sealing
from ..login.state.sealing import BrokenSeal

#: Seconds for which the person has time to sign in.
LIFETIME = 1_200
_MARK = "azuread_authorize_"
_SEAL = "provider.pending"
#: Begins with the time, so that names sort by age.
_NAME = re.compile(r"[0-9a-f]{8}[A-Za-z0-9_-]{11}")
#: Servers refuse long header lines: all cookies of a site together are one.
_MAX_COOKIES = 2
_MAX_LENGTH = 2_800


class TooLong(Exception):
    """The request does not fit into a cookie."""


@dataclass(frozen=True)
class PendingRequest:
    """``began_at``: seconds since 1970. ``asks_login``: Microsoft was told to authenticate the
    person again."""

    parameters: list[tuple[str, str]]
    began_at: float
    asks_login: bool = False


def remember(
    request: HttpRequest, response: HttpResponseBase, name: str, pending: PendingRequest
) -> None:
    """Give the browser the request, and take away the oldest if it has too many."""
    secure = addresses.is_secure(request)
    others = sorted(key for key in _names(request, secure) if key != name)
    for other in others[: max(0, len(others) + 1 - _MAX_COOKIES)]:
        _set(response, other, "", secure)
    content = [pending.parameters, pending.began_at, pending.asks_login]
    sealed = sealing.seal(_SEAL, content, name=name)
    if len(sealed) > _MAX_LENGTH:
        raise TooLong
    _set(response, name, sealed, secure)


def new_name() -> str:
    return f"{int(time.time()):08x}{secrets.token_urlsafe(8)}"


def find(request: HttpRequest, name: str) -> PendingRequest | None:
    """Return this browser's request of that name, unless it has none or is too late."""
    if not _NAME.fullmatch(name):
        return None
    value = request.COOKIES.get(_prefix(addresses.is_secure(request)) + name)
    try:
        content = sealing.unseal(_SEAL, value, name=name) if value else None
    except BrokenSeal:
        return None
    match content:
        case [list(pairs), int() | float() as began_at, bool(asks_login)] if (
            time.time() < began_at + LIFETIME
        ):
            return PendingRequest([(key, text) for key, text in pairs], began_at, asks_login)
    return None


def forget(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    if name in _names(request, addresses.is_secure(request)):
        _set(response, name, "", addresses.is_secure(request))


def _names(request: HttpRequest, secure: bool) -> list[str]:
    prefix = _prefix(secure)
    names = (key.removeprefix(prefix) for key in request.COOKIES if key.startswith(prefix))
    return [name for name in names if _NAME.fullmatch(name)]


def _prefix(secure: bool) -> str:
    return f"__Host-{_MARK}" if secure else _MARK


def _set(response: HttpResponseBase, name: str, value: str, secure: bool) -> None:
    response.set_cookie(
        _prefix(secure) + name,
        value,
        max_age=LIFETIME if value else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
