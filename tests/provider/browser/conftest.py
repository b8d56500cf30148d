"""The same browser as in tests/browser, and websites of clients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.accessibility.conftest import tour
from tests.browser.conftest import page, screenshots
from tests.company import Company

__all__ = ["page", "screenshots", "tour"]

#: What Auth0's scripts do: open a frame or a popup, and wait for a message of the site.
SCRIPT = b"""
function heard(site) {
  return new Promise((resolve) => {
    window.addEventListener("message", (event) => {
      if (event.origin === site && event.data.type === "authorization_response") {
        resolve(event.data.response);
      }
    });
  });
}
function ask_in_frame(url) {
  const answer = heard(new URL(url).origin);
  const frame = document.createElement("iframe");
  frame.style.display = "none";
  document.body.append(frame);
  frame.src = url;
  return answer;
}
function ask_in_popup(url) {
  window.answer = heard(new URL(url).origin);
  window.popup = window.open("", "popup", "width=400,height=600");
  window.popup.location.href = url;
}
"""
PAGE = b'<!doctype html><html lang="en"><title>Client</title><script src="/client.js"></script>'


@dataclass
class Website:
    """The pages of a client on an origin of its own. ``posts``: the forms that came."""

    port: int = 0
    posts: list[dict[str, str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture
def website() -> Iterator[Website]:
    yield from _serve()


@pytest.fixture
def other_website() -> Iterator[Website]:
    yield from _serve()


def _serve() -> Iterator[Website]:
    found = Website()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = urlsplit(self.path).path == "/client.js"
            self._answer(SCRIPT if is_script else PAGE, "javascript" if is_script else "html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.posts.append({name: values[0] for name, values in parse_qs(body).items()})
            self._answer(b"<p>Welcome</p>", "html")

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"text/{kind}")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Addresses carry codes."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def company(contoso: Company, live_server: Any, transactional_db: None) -> Company:
    contoso.app.redirect_uris.append(f"{live_server.url}/login/callback")
    return contoso


@pytest.fixture
def sign_in(company: Company, live_server: Any) -> Callable[..., None]:
    def do(page: Any) -> None:
        page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
        page.get_by_role("button", name="Adele Vance").click()
        page.wait_for_url("**/login/profile")

    return do
