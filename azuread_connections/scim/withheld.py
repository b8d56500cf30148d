"""Takes bearer tokens out of a request when Django starts to handle it.

A report of an error in any view or middleware shows the WSGI environment or the ASGI scope. What
this app needs of them is kept in an object whose ``repr`` shows nothing.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from django.core.handlers.asgi import get_script_prefix
from django.http import HttpRequest
from django.urls import Resolver404, get_resolver

from ..login.state.withheld import SUBSTITUTE, Hidden
from .models.token import PREFIX
from .tokens import IN_TEXT

NAMESPACE = "azuread_scim"

_KEY = f"{NAMESPACE}.authorization"
_HEADER = "HTTP_AUTHORIZATION"

Environ = MutableMapping[str, Any]


def withhold_from_reports(
    environ: Environ | None = None, scope: Environ | None = None, **kwargs: Any
) -> None:
    """A receiver of ``request_started``, which Django sends before it builds the request."""
    if environ is not None:
        _withhold_from_environ(environ)
    elif scope is not None:
        _withhold_from_scope(scope)


def authorization(request: HttpRequest) -> str:
    """Return the Authorization header that a request came with; "" if it has none."""
    if _HEADER in request.META:
        # Not recognised at the start: the request uses another URLconf, or a test built it.
        request.META[_KEY] = Hidden(request.META.pop(_HEADER))
    kept: Hidden[str] | None = request.META.get(_KEY) or getattr(request, "scope", {}).get(_KEY)
    return kept.value if kept else ""


def redacted(text: str) -> str:
    """Return a text without any token of this app."""
    return IN_TEXT.sub(PREFIX + SUBSTITUTE, text) if PREFIX in text else text


def _withhold_from_environ(environ: Environ) -> None:
    header = environ.get(_HEADER)
    if header and (PREFIX in header or _is_ours(environ.get("PATH_INFO", ""))):
        environ[_KEY] = Hidden(environ.pop(_HEADER))
    for key, value in environ.items():
        # Servers and proxies can copy a header: REDIRECT_HTTP_AUTHORIZATION, X-Forwarded-…
        if isinstance(value, str) and PREFIX in value:
            environ[key] = redacted(value)


def _withhold_from_scope(scope: Environ) -> None:
    headers = [(bytes(name), bytes(value)) for name, value in scope.get("headers", ())]
    sent = [value for name, value in headers if name.lower() == b"authorization"]
    path = scope.get("path", "").removeprefix(get_script_prefix(scope))
    mark = PREFIX.encode()
    if sent and (any(mark in value for value in sent) or _is_ours(path)):
        # As Django joins a header that comes twice.
        scope[_KEY] = Hidden(",".join(value.decode("latin-1") for value in sent))
        headers = [(name, value) for name, value in headers if name.lower() != b"authorization"]
        scope["headers"] = headers
    if any(mark in value for _name, value in headers):
        scope["headers"] = [
            (name, redacted(value.decode("latin-1")).encode("latin-1")) for name, value in headers
        ]


def _is_ours(path: str) -> bool:
    """Return whether a path leads to this app, whatever was sent as a token: a client secret that
    somebody has pasted in the wrong field is a secret, too."""
    try:
        # Not django.urls.resolve: it can still use the URLconf of this thread's last request.
        match = get_resolver().resolve(path)
    except Resolver404:
        return False
    return NAMESPACE in match.app_names
