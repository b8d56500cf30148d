"""A server below HTTP, for answers that no HTTP server would give."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

#: Serves one connection, from its first byte to its last.
Conversation = Callable[["Wire"], None]


class Wire:
    """The server's end of one TCP connection."""

    def __init__(self, connection: socket.socket, server: RawServer) -> None:
        self._connection = connection
        self._server = server
        self._buffer = b""

    def read_request(self) -> bytes:
        """Return the next request, head and body; b"" when the client has hung up."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return b""
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = _content_length(head)
        while len(rest) < length:
            if not self._receive():
                return b""
            rest = self._buffer.partition(b"\r\n\r\n")[2]
        self._buffer = rest[length:]
        request = head + b"\r\n\r\n" + rest[:length]
        self._server.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def drip(self, pieces: Iterable[bytes], pause: float) -> None:
        """Send piece by piece, without end if there are enough pieces, until the client
        disconnects."""
        for piece in pieces:
            self.send(piece)
            if self._server.stopping.wait(pause):
                return

    def tunnel(self, port: int) -> None:
        """Pass all bytes on to another port of loopback, and back, until one end hangs up."""
        with socket.create_connection(("127.0.0.1", port)) as further:
            ends = (self._connection, further), (further, self._connection)
            pumps = [threading.Thread(target=_pump, args=pair, daemon=True) for pair in ends]
            for pump in pumps:
                pump.start()
            for pump in pumps:
                pump.join()

    def hold(self) -> None:
        """Keep the connection open and send nothing."""
        self._server.stopping.wait(30)

    def _receive(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


class RawServer:
    """Listens on loopback; `connections` and `requests` are those received so far."""

    def __init__(self, conversation: Conversation, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._conversation = conversation
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            # Closing alone does not wake a thread that waits in accept().
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait_for_requests(self, number: int) -> None:
        """Wait for this many requests, and a moment longer in case there is one too many."""
        deadline = time.monotonic() + 5
        while len(self.requests) < number and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.05)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        # The client can disconnect at any time.
        with connection, suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self._conversation(Wire(connection, self))


def answering(*answers: bytes) -> Conversation:
    """Answer the requests of each connection in this order, then close it."""

    def converse(wire: Wire) -> None:
        for answer in answers:
            if not wire.read_request():
                return
            wire.send(answer)

    return converse


def response(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A complete response with the correct Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
