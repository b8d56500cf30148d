"""The HTTP server: loopback only, keep-alive, one send per response."""

from __future__ import annotations

import logging
import socket
import socketserver
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from requests.structures import CaseInsensitiveDict

from .router import answer
from .state import State
from .wire import Response, text_response

BODY_LIMIT = 1024 * 1024

# "localhost" is bound as IPv4, since clients try both families.
LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}

logger = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Serves one state. Stopping it also ends the connections that are kept alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, state: State) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.state = state
        self._connections: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Bind without the reverse name look-up of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.state.lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.state.lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        with self.state.lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; log anything else with its traceback."""
        logger.debug("connection ended", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, calls the router, and writes the response in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        response = self._answer()
        if response.close:
            self.close_connection = True
            return
        self._write(response)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _answer(self) -> Response:
        headers = CaseInsensitiveDict(self.headers.items())
        body = self._read_body()
        if isinstance(body, Response):
            self.close_connection = True
            return body
        address = urlsplit(self.path)
        try:
            return answer(
                cast(Server, self.server).state,
                method=self.command,
                path=address.path,
                query=_fields(address.query),
                form=_fields(body.decode("utf-8", "replace")),
                headers=headers,
                body=body,
            )
        except Exception:
            logger.exception("the stand-in failed on %s %s", self.command, address.path)
            return text_response("The stand-in itself failed; see its log.", status=500)

    def _read_body(self) -> bytes | Response:
        if "Transfer-Encoding" in self.headers:
            return text_response("Length required", status=411)
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return text_response("Bad Content-Length", status=400)
        if int(length) > BODY_LIMIT:
            return text_response("Too large", status=413)
        return self.rfile.read(int(length))

    def _write(self, response: Response) -> None:
        body = b"" if self.command == "HEAD" else response.body
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Type": response.content_type,
            "Content-Length": str(len(body)),
            **response.headers,
        }
        if self.close_connection:
            headers["Connection"] = "close"
        head = f"HTTP/1.1 {response.status} {_phrase(response.status)}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        start = f"{head}\r\n".encode("latin-1", "replace")
        if response.drip is None:
            self.wfile.write(start + body)
            return
        self.wfile.write(start)
        for position in range(len(body)):
            cast(Server, self.server).state.stopping.wait(response.drip)
            self.wfile.write(body[position : position + 1])

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


def _fields(encoded: str) -> dict[str, str]:
    """Form or query fields; of a repeated field the first one is used."""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        fields.setdefault(name, value)
    return fields


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
