"""Which redirect URI a client may use. The list is the application's Allowed Callback URLs."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from ..hosts import is_loopback
from ..models.destinations import MAX_DESTINATION_LENGTH, is_listed
from . import wildcards


def is_allowed(uri: str, allowed_urls: object, *, is_native: bool) -> bool:
    """Return whether an address is one of the listed ones, to the letter (RFC 9700 section 4.1.3),
    but for a listed wildcard.

    A native application's loopback address may have any port: it takes one that happens to be free
    (RFC 8252 section 7.3).
    """
    if len(uri) > MAX_DESTINATION_LENGTH or not uri.isprintable():
        return False
    if not isinstance(allowed_urls, list | tuple):
        return False
    if is_listed(uri, allowed_urls) or any(wildcards.matches(uri, each) for each in allowed_urls):
        return True
    if not is_native:
        return False
    asked = _loopback(uri)
    return asked is not None and any(
        asked == _loopback(listed) for listed in allowed_urls if isinstance(listed, str)
    )


def _loopback(uri: str) -> tuple[str, str, str] | None:
    """Return host, path and query of a loopback address, or None if this is not one."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or not is_loopback(parts.hostname) or port == 0:
        return None
    # As it is spelled: "@", "\\", a fragment or a capital letter would be read in several ways.
    if uri != _plain(parts):
        return None
    return parts.hostname or "", parts.path, parts.query


def _plain(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port is not None else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"http://{host}{port}{parts.path}{query}"
