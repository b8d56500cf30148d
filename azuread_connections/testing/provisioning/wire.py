"""Requests to a SCIM server, and what it answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

CONTENT_TYPE = "application/scim+json"
#: Seconds.
_TIMEOUT = 30


@dataclass(frozen=True)
class Exchange:
    """One request and its response. ``path`` is below the base address; ``answer`` is None if the
    response is no JSON object. ``status`` is 0 if the server could not be reached."""

    method: str
    path: str
    body: dict[str, Any] | None
    status: int
    answer: dict[str, Any] | None
    why: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        line = f"{self.method} {self.path}: {self.status or 'not reached'}"
        detail = self.why or ("" if self.is_good else (self.answer or {}).get("detail", ""))
        return f"{line} {detail}".rstrip()


class Transport(Protocol):
    """Sends one request; returns status and body. Raises ``OSError`` if that is not possible."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]: ...


def over_http(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """The transport to a running server. It follows no redirect, as a token must not follow one."""
    response = requests.request(
        method, url, headers=dict(headers), data=body, timeout=_TIMEOUT, allow_redirects=False
    )
    return response.status_code, response.content


def over_test_client(client: Any) -> Transport:
    """The transport to the site under test, by a ``django.test.Client``."""

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(url)
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        response = client.generic(
            method,
            address,
            body,
            content_type=headers.get("Content-Type", ""),
            headers={"Authorization": headers["Authorization"], "Accept": headers["Accept"]},
        )
        return response.status_code, response.content

    return send


class ScimServer:
    """A SCIM server as a client sees it: a base address, a token, and what was exchanged."""

    def __init__(self, base_url: str, token: str, transport: Transport) -> None:
        self.base_url = base_url.rstrip("/")
        self.token = token
        self.transport = transport
        self.exchanges: list[Exchange] = []

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Exchange:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": CONTENT_TYPE}
        content = b""
        if body is not None:
            headers["Content-Type"] = f"{CONTENT_TYPE}; charset=utf-8"
            content = json.dumps(body).encode()
        status, answered, why = 0, b"", ""
        try:
            status, answered = self.transport(method, f"{self.base_url}/{path}", headers, content)
        except OSError as error:
            # Only its class: a message can hold the whole request.
            why = type(error).__name__
        exchange = Exchange(method, path, body, status, _json_object(answered), why)
        self.exchanges.append(exchange)
        return exchange


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
