"""A reverse proxy that ends TLS, as it stands in front of a site."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.provider.clients.site import tls_context

_OF_ONE_CONNECTION = {"connection", "transfer-encoding", "content-length", "date", "server"}


@contextmanager
def ending_tls(
    port: int, certificate: Path, *, strips: str = "", says_so: bool = True
) -> Iterator[str]:
    """Pass on what comes by https to a port of this machine; yield the proxy's scheme and host.

    ``strips``: a prefix that the site behind does not see. ``says_so``: with X-Forwarded-Proto.
    """

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
            headers |= {"X-Forwarded-For": "203.0.113.9"}
            headers |= {"X-Forwarded-Proto": "https"} if says_so else {}
            further = HTTPConnection("127.0.0.1", port, timeout=30)
            further.request(self.command, self.path.removeprefix(strips), body, headers)
            answer = further.getresponse()
            content = answer.read()
            further.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _pass_on

        def log_message(self, *args: Any) -> None:
            """Not in the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = tls_context(certificate).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
