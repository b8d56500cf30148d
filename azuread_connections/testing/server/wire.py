"""HTTP requests and responses as plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class RecordedRequest:
    """One request as received; `headers` ignores the case of names.

    `endpoint` is "discovery", "keys", "authorize", "sign_in", "consent", "token",
    "admin_consent", "logout", "error", "control", "portal" or "unknown", of Graph "userinfo", "me",
    "groups", "users", "applications", "add_password", "remove_password", "add_key", "remove_key" or
    "graph" for all else; "managed_identity" for the local addresses of a machine's own token.
    `tenant` is the tenant segment
    of the path as it was sent.
    """

    method: str
    path: str
    endpoint: str
    tenant: str
    query: dict[str, str]
    form: dict[str, str]
    headers: CaseInsensitiveDict[str]
    body: bytes = field(default=b"", repr=False)


@dataclass
class Response:
    """A response; `close` drops the connection instead, `drip` is seconds between single bytes."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False
    drip: float | None = None


def is_loopback(address: str) -> bool:
    """Whether a URL (or `//host`) is only a scheme and a host of this machine."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises ValueError where it is no number
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return bare and parts.hostname in LOOPBACK_NAMES


def json_response(
    document: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(status, json.dumps(document).encode(), JSON, headers or {})


def text_response(text: str, *, status: int) -> Response:
    return Response(status, text.encode(), TEXT)
