"""A web server of another origin than this site, with the page of a client in a browser."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: Where `make test-provider` installs the packages of package-lock.json.
SCRIPTS = Path(__file__).resolve().parent.parent / "js"
MODULES = SCRIPTS / "node_modules"
#: Where each library's build for browsers is, below node_modules.
LIBRARIES = {
    "oidc-client-ts": "oidc-client-ts/dist/browser/oidc-client-ts.min.js",
    "auth0-spa-js": "@auth0/auth0-spa-js/dist/auth0-spa-js.production.js",
}


class PageServer:
    """Serves, on every path, a page that loads one library and does nothing by itself."""

    def __init__(self, library: str) -> None:
        script = (MODULES / LIBRARIES[library]).read_bytes()
        handler = _handler({"/library.js": script})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_PAGE = b"""<!doctype html><html lang="en"><title>Client</title>
<script src="/library.js"></script><p id="page">The client's page</p></html>"""


def _handler(files: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            is_script = path in files
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
            self.end_headers()
            self.wfile.write(files.get(path, _PAGE))

        def log_message(self, *arguments: Any) -> None:
            """Addresses carry codes."""

    return Handler


def is_installed() -> bool:
    return all((MODULES / file).is_file() for file in LIBRARIES.values())
