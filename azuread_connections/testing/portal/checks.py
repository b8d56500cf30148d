"""What Entra refuses in a registration's fields, in its own words where they are known.

https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..directory.apps import App, Platform

MAX_NAME = 120
MAX_URI = 256
MUST_START_WITH = 'Must start with "HTTPS" or "http://localhost".'
EMPTY = "The value must not be empty."
NOT_A_URL = "Must be a valid URL."

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.+")


def name_error(name: str) -> str:
    if not name:
        return EMPTY
    if len(name) > MAX_NAME:
        return f"The value must have a length of at most {MAX_NAME}."
    return ""


def redirect_uri_error(uri: str, platform: Platform, app: App | None = None) -> str:
    """What is wrong with a new redirect URI, or an empty text."""
    found = _text_error(uri) or (
        _public_error(uri) if platform == "public" else web_address_error(uri)
    )
    if not found and app and app.platform_of(uri) and uri in app.redirect_uris_of(platform):
        return "This redirect URI is registered already."
    return found


def web_address_error(uri: str) -> str:
    """What is wrong with an address of a page: a redirect URI, or the logout URL."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
        parts.port  # noqa: B018 - raises ValueError where it is no number
    except ValueError:
        return NOT_A_URL
    if parts.scheme != "https" and not (parts.scheme == "http" and host == "localhost"):
        return MUST_START_WITH
    return "" if host else NOT_A_URL


def _text_error(uri: str) -> str:
    if not uri:
        return EMPTY
    if len(uri) > MAX_URI:
        return f"The value must have a length of at most {MAX_URI}."
    if "*" in uri:
        return "Must not contain wildcards (*)."
    if "#" in uri:
        return "Must not contain a fragment (#)."
    return NOT_A_URL if any(sign.isspace() for sign in uri) else ""


def _public_error(uri: str) -> str:
    """Desktop and mobile apps have schemes of their own."""
    if urlsplit(uri).scheme in ("http", "https"):
        return web_address_error(uri)
    return "" if _SCHEME.fullmatch(uri) else NOT_A_URL
