"""Takes the authorization code, the state, the transaction cookies, and the token and the cookies
of set-up links out of a request.

A report of an error in any view or middleware shows the request's address, its cookies and the
WSGI environment. So these values are removed when Django starts to handle a request. The app keeps
what it needs of them under some keys of ``META``, in an object whose ``repr`` shows nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import MutableMapping
from itertools import islice
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_plus, urlencode

from django.core.exceptions import TooManyFieldsSent
from django.core.handlers.asgi import get_script_prefix
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, get_resolver

from . import sealing
from .sealing import BrokenSeal

T = TypeVar("T")

NAMESPACE = "azuread_connections"
#: Part of the name of every cookie that holds a transaction.
COOKIE_MARK = "azuread_txn_"
#: Part of the name of every cookie of a set-up link.
SETUP_COOKIE_MARK = "azuread_setup_"
SUBSTITUTE = "********************"

#: The end of the callback's path, under any prefix.
CALLBACK_PATH = "/callback"

_PARAMETERS = f"{NAMESPACE}.callback"
_COOKIES = f"{NAMESPACE}.cookies"
_SETUP_TOKEN = f"{NAMESPACE}.setup_token"
_SEALED = "sealed"
#: Parameters of a callback that stay readable: those of errors and of consent.
_READABLE = frozenset(
    {
        *("error", "error_description", "error_uri", "error_codes", "error_subcode", "suberror"),
        *("admin_consent", "tenant", "scope", "iss", "correlation_id", "trace_id", "timestamp"),
    }
)
#: More than Microsoft sends, and fewer than Django refuses.
_MAX_READABLE = 50
#: A secret parameter in an address that a proxy or a server has added elsewhere.
_IN_ADDRESS = re.compile(r"(?<![\w-])(code|state|session_state|sealed)=[^&\s\"'#;]*")
#: A transaction cookie with its name, which ends in the state.
_IN_COOKIES = re.compile(
    rf"((?:__Host-)?(?:{COOKIE_MARK}|{SETUP_COOKIE_MARK}))[\w-]+(?:=[^;\s\"',]*)?"
)
#: The token of a set-up link in a path: 256 bits in base64url.
_SETUP_PATH = re.compile(r"(/setup/)([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
#: Seconds within which a browser follows a redirect to a path with a sealed token.
_REDIRECT_SECONDS = 60

Environ = MutableMapping[str, Any]


class Hidden(Generic[T]):
    """A value that no report shows: ``repr`` and ``str`` hide it."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "<hidden>"


class _Parameters(Hidden[str]):
    """A callback's query string, and what was read from it with an encoding."""

    __slots__ = ("read",)

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.read: tuple[str | None, dict[str, str]] | None = None


def withhold_from_environ(environ: Environ) -> bool:
    """Clean a WSGI environ; return whether anything was removed."""
    _withhold_cookies(environ)
    query = environ.get("QUERY_STRING", "")
    if _is_callback(environ.get("PATH_INFO", ""), query, environ):
        _withhold_parameters(environ, is_sealed=True)
    _withhold_setup_token(environ)
    return any(key in environ for key in (_COOKIES, _PARAMETERS, _SETUP_TOKEN))


def withhold_from_scope(scope: Environ) -> bool:
    """Clean an ASGI scope in the same way."""
    headers = [(bytes(name), bytes(value)) for name, value in scope.get("headers", ())]
    marked = [value for name, value in headers if name.lower() == b"cookie"]
    found: Environ = {
        "QUERY_STRING": _text(scope.get("query_string", b"")),
        "HTTP_COOKIE": "; ".join(map(_text, marked)),
    }
    _withhold_cookies(found)
    path = scope.get("path", "").removeprefix(get_script_prefix(scope))
    if _is_callback(path, found["QUERY_STRING"], found):
        _withhold_parameters(found, is_sealed=True)
        scope["query_string"] = found["QUERY_STRING"].encode("latin-1")
        scope[_PARAMETERS] = found[_PARAMETERS]
        headers = [(name, _redacted_header(name, value)) for name, value in headers]
        scope["headers"] = headers
    if _COOKIES in found:
        others = [(name, value) for name, value in headers if name.lower() != b"cookie"]
        cookie = found["HTTP_COOKIE"].encode("latin-1")
        scope["headers"] = [*others, (b"cookie", cookie)] if cookie else others
        scope[_COOKIES] = found[_COOKIES]
    _withhold_setup_token_from_scope(scope, path)
    return any(key in scope for key in (_COOKIES, _PARAMETERS, _SETUP_TOKEN))


def callback_parameters(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of Microsoft's redirect. Only for a request of the callback."""
    kept: Any = _kept(request, _PARAMETERS)
    if kept is None:
        # Not recognised at the start: the request uses another URLconf, or a test built it.
        _withhold_parameters(request.META, is_sealed=False)
        kept = request.META[_PARAMETERS]
        if "query_string" in (scope := getattr(request, "scope", {})):
            scope["query_string"] = request.META["QUERY_STRING"].encode()
        request.GET = QueryDict(request.META["QUERY_STRING"], encoding=request.encoding)
    if kept.read is None or kept.read[0] != request.encoding:
        kept.read = request.encoding, _read(kept.value, request.encoding)
    return dict(kept.read[1])


def _read(query: str, encoding: str | None) -> dict[str, str]:
    try:
        return QueryDict(_as_sent(query), encoding=encoding).dict()
    except TooManyFieldsSent:
        # Microsoft sends only a few. Django would log each such request as an error and mail it.
        return {}


def transaction_cookies(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """Return the name and value of each transaction cookie, as the browser sent them.

    Django's own parser strips Unicode spaces from names: a cookie with such a space before
    "__Host-", which any subdomain can set, would be taken for ours.
    """
    return tuple(pair for pair in _kept_cookies(request) if COOKIE_MARK in pair[0])


def setup_cookie(request: HttpRequest, name: str) -> str:
    """Return the value of a cookie of a set-up link, or "". The name is compared as sent."""
    return next((value for sent, value in _kept_cookies(request) if sent == name), "")


def setup_token(request: HttpRequest, in_path: str) -> str:
    """Return the token of a set-up link. ``in_path``: what the path has in its place."""
    kept: Hidden[str] | None = _kept(request, _SETUP_TOKEN)
    if kept is not None:
        return kept.value
    try:
        # A middleware has redirected the browser, such as from http to https.
        token, sealed_at = sealing.unseal("setup", in_path)
    except (BrokenSeal, UnicodeEncodeError):
        return in_path
    return token if 0 <= time.time() - sealed_at <= _REDIRECT_SECONDS else ""


def _kept_cookies(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    if _has_ours(request.META.get("HTTP_COOKIE", "")):
        # A test built this request: a server's was cleaned when it started.
        others = {k: v for k, v in request.COOKIES.items() if not _has_ours(k)}
        _withhold_cookies(request.META)
        request.COOKIES = others
    kept: Hidden[tuple[tuple[str, str], ...]] | None = _kept(request, _COOKIES)
    return kept.value if kept else ()


def redacted_text(text: str, *, is_callback: bool) -> str:
    """Return a text without our secret cookies, without tokens of set-up links and, for a callback,
    without its parameters."""
    if _has_ours(text):
        text = _IN_COOKIES.sub(rf"\1{SUBSTITUTE}", text)
    if "/setup/" in text:
        text = _SETUP_PATH.sub(rf"\1{SUBSTITUTE}", text)
    return _IN_ADDRESS.sub(rf"\1={SUBSTITUTE}", text) if is_callback else text


def _kept(request: HttpRequest, key: str) -> Hidden[Any] | None:
    found: Hidden[Any] | None = request.META.get(key) or getattr(request, "scope", {}).get(key)
    return found


def _withhold_cookies(environ: Environ) -> None:
    header = environ.get("HTTP_COOKIE", "")
    if not _has_ours(header):
        return
    environ["HTTP_COOKIE"], ours = _without_ours(header)
    environ[_COOKIES] = Hidden(ours)


def _without_ours(header: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a Cookie header without our secret cookies, and those as (name, value)."""
    others: list[str] = []
    ours: list[tuple[str, str]] = []
    for pair in header.split(";"):
        name, _equals, value = pair.strip(" \t").partition("=")
        if _has_ours(name):
            ours.append((name, value))
        else:
            others.append(pair)
    return ";".join(others).strip(), tuple(ours)


def _is_callback(path: str, query: str, kept: Environ) -> bool:
    """Return whether a request is for our callback, and not for that of another app."""
    if not query or not path.endswith(CALLBACK_PATH):
        return False
    cookies = kept.get(_COOKIES)
    # After a full stop, `state` holds where the sign-in began: see ``resumption``.
    state = _value(query, "state").partition(".")[0]
    if cookies is not None and any(
        COOKIE_MARK in name and name.partition(COOKIE_MARK)[2] == state
        for name, _sealed in cookies.value
    ):
        return True
    return _is_our_view(path, "callback")


def _is_our_view(path: str, name: str) -> bool:
    try:
        # Not django.urls.resolve: it can still use the URLconf of this thread's last request.
        match = get_resolver().resolve(path)
    except Resolver404:
        return False
    return NAMESPACE in match.app_names and match.url_name == name


def _withhold_setup_token(environ: Environ) -> None:
    path = environ.get("PATH_INFO", "")
    if sealed := _sealed_path(path, environ):
        environ["PATH_INFO"] = sealed
    elif "/setup/" not in environ.get("HTTP_REFERER", ""):
        return
    for key, value in environ.items():
        # The page's own address is the Referer of its form; servers and proxies copy the path.
        if isinstance(value, str) and "/setup/" in value and key != "PATH_INFO":
            environ[key] = _SETUP_PATH.sub(rf"\1{SUBSTITUTE}", value)


def _withhold_setup_token_from_scope(scope: Environ, path: str) -> None:
    headers = [(bytes(name), bytes(value)) for name, value in scope.get("headers", ())]
    if sealed := _sealed_path(path, scope):
        start = scope["path"].removesuffix(path)
        scope["path"] = start + sealed
        if "raw_path" in scope:
            scope["raw_path"] = scope["path"].encode()
    elif not any(name.lower() == b"referer" and b"/setup/" in value for name, value in headers):
        return
    scope["headers"] = [
        (name, _SETUP_PATH.sub(rf"\1{SUBSTITUTE}", _text(value)).encode("latin-1"))
        for name, value in headers
    ]


def _sealed_path(path: str, kept: Environ) -> str:
    """Return the path of a set-up link with its token sealed, and keep the token; "" for any other
    path."""
    match = _SETUP_PATH.search(path)
    if match is None or not _is_our_view(path[: match.end()], "setup"):
        return ""
    if rest := path[match.end() :]:
        # With the full stop of a sentence or a slash, it opens nothing. Django logs such a path.
        return f"{path[: match.start(2)]}{SUBSTITUTE}{rest}"
    kept[_SETUP_TOKEN] = Hidden(match[2])
    # If a middleware redirects the browser, the new request has the token sealed, for a minute.
    return path[: match.start(2)] + sealing.seal("setup", [match[2], int(time.time())])


def _has_ours(text: str) -> bool:
    return COOKIE_MARK in text or SETUP_COOKIE_MARK in text


def _withhold_parameters(environ: Environ, *, is_sealed: bool) -> None:
    sent = _unsealed(environ.get("QUERY_STRING", ""))
    readable = _readable(sent)
    if is_sealed:
        # If a middleware redirects to another host, the new request has the parameters sealed.
        sealed = {_SEALED: sealing.seal("callback", sent)}
        readable = "&".join(filter(None, (readable, urlencode(sealed))))
    for key, value in environ.items():
        # Servers and proxies add the address a second time: RAW_URI, HTTP_X_ORIGINAL_URI.
        if isinstance(value, str) and "=" in value and key not in {"QUERY_STRING", "HTTP_COOKIE"}:
            environ[key] = redacted_text(value, is_callback=True)
    environ["QUERY_STRING"] = readable
    environ[_PARAMETERS] = _Parameters(sent)


def _redacted_header(name: bytes, value: bytes) -> bytes:
    """Return a header of a callback redacted: a proxy may have copied the address into it."""
    if name.lower() == b"cookie":
        return value
    return redacted_text(_text(value), is_callback=True).encode("latin-1")


def _readable(query: str) -> str:
    readable = (part for part in query.split("&") if _name(part) in _READABLE)
    return "&".join(islice(readable, _MAX_READABLE))


def _unsealed(query: str) -> str:
    sealed = _value(query, _SEALED)
    if not sealed:
        return query
    try:
        return str(sealing.unseal("callback", sealed))
    except BrokenSeal:
        return query


def _value(query: str, name: str) -> str:
    """Return the last value of a parameter, as Django reads it."""
    found = [part.partition("=")[2] for part in query.split("&") if _name(part) == name]
    return unquote_plus(found[-1]) if found else ""


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("latin-1")


def _as_sent(query: str) -> bytes:
    # WSGI servers decode it as latin-1; a request built by a test can hold any character.
    try:
        return query.encode("latin-1")
    except UnicodeEncodeError:
        return query.encode("utf-8", "replace")
