"""How an outside client wants the pages of a sign-in shown: in which language, and in a window that
it has opened itself.

Kept in a cookie for as long as the sign-in, as Microsoft sends nothing of it back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from ..lookup import addresses

_NAME = "azuread_display"
_POPUP = "popup"
_MAX_LANGUAGES = 10


@dataclass(frozen=True)
class Display:
    """``language``: one that the site has, "" for its own choice. ``is_popup``: the window's opener
    waits for a message, so no page may cut the window off from it."""

    language: str = ""
    is_popup: bool = False


def choose_language(ui_locales: str) -> str:
    """Return the first language of the list that the site has, or "" (OpenID Connect Core section
    3.1.2.1)."""
    for wanted in ui_locales.split()[:_MAX_LANGUAGES]:
        try:
            return translation.get_supported_language_variant(wanted.lower())
        except (LookupError, ValueError):
            continue
    return ""


def shown(display: Display, view: Callable[[], HttpResponseBase]) -> Any:
    """Return what ``view`` returns, shown in that way."""
    language = display.language
    with translation.override(language) if language else nullcontext():
        response: Any = view()
        if language and not getattr(response, "is_rendered", True):
            response.render()
    if language:
        response.headers.setdefault("Content-Language", language)
    if display.is_popup:
        # Django's default, "same-origin", would take away the window's opener for good: the header
        # counts on every page and redirect in between.
        response.headers.setdefault("Cross-Origin-Opener-Policy", "unsafe-none")
    return response


def remember(request: HttpRequest, response: HttpResponseBase, display: Display, age: int) -> None:
    """Show the next pages of the sign-in in that way, for at most ``age`` seconds."""
    words = [display.language, _POPUP if display.is_popup else ""]
    if any(words):
        _set(request, response, ".".join(words), age)
    else:
        forget(request, response)


def forget(request: HttpRequest, response: HttpResponseBase) -> None:
    """Take the cookie away, unless this very response gives it."""
    name = _cookie(request)
    if name in request.COOKIES and name not in response.cookies:
        _set(request, response, "", 0)


def find(request: HttpRequest) -> Display:
    """Return how this browser's sign-in is shown."""
    if not any(name in request.COOKIES for name in (_NAME, f"__Host-{_NAME}")):
        return Display()
    language, _separator, popup = request.COOKIES.get(_cookie(request), "").partition(".")
    return Display(choose_language(language), popup == _POPUP)


def _cookie(request: HttpRequest) -> str:
    return f"__Host-{_NAME}" if addresses.is_secure(request) else _NAME


def _set(request: HttpRequest, response: HttpResponseBase, value: str, age: int) -> None:
    response.set_cookie(
        _cookie(request),
        value,
        max_age=age,
        path="/",
        secure=addresses.is_secure(request),
        httponly=True,
        samesite="Lax",
    )
