"""A client's end of back-channel logout: a little HTTP server, and what it checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from django.test import Client

PUBLIC_URL = "http://localhost:8000"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Receiver:
    """``status`` and ``seconds``: how, and how late, it answers. ``posts``: what it got."""

    port: int = 0
    status: int = 200
    seconds: float = 0
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/logout"

    @property
    def tokens(self) -> list[str]:
        return [post["form"]["logout_token"][0] for post in self.posts]


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            receiver.posts.append(
                {
                    "path": self.path,
                    "type": self.headers.get("Content-Type"),
                    "form": parse_qs(body),
                }
            )
            time.sleep(receiver.seconds)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


def logout_claims(token: str, client_id: str) -> dict[str, Any]:
    """Check a logout token as section 2.6 says; return its claims."""
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    keys = jwt.PyJWKSet.from_dict(Client().get("/id/.well-known/jwks.json").json())
    found: dict[str, Any] = jwt.decode(
        token,
        keys[jwt.get_unverified_header(token)["kid"]].key,
        algorithms=["RS256"],
        audience=client_id,
        issuer=f"{PUBLIC_URL}/id/",
        options={"require": ["iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"]},
    )
    assert found["events"] == {EVENT: {}}
    assert "nonce" not in found
    return found
