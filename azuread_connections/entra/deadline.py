"""Connections with a time limit for one or more whole exchanges, from connecting to the last byte.

The timeouts of requests are for one address and for one read: a name with eight dead addresses
takes eight times as long, and a server that sends its headers byte by byte is never stopped.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

#: Seconds after which an idle connection is not used again. Load balancers drop idle connections
#: silently (Azure's after four minutes, others after two). A request on such a connection would be
#: lost, and a code must not be sent twice.
KEPT_FOR = 100

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)
_may_reach: ContextVar[Callable[[str], bool] | None] = ContextVar("may_reach", default=None)


@contextmanager
def within(seconds: float) -> Iterator[float]:
    """Limit the time of all requests that this thread makes in the block.

    An outer limit applies as well. Yields the time when the limit ends (``time.monotonic``).
    """
    ends_at = min(time.monotonic() + seconds, _ends_at.get())
    token = _ends_at.set(ends_at)
    try:
        yield ends_at
    finally:
        _ends_at.reset(token)


@contextmanager
def reaching_only(is_allowed: Callable[[str], bool]) -> Iterator[None]:
    """Connect in the block only to IP addresses that are allowed, whatever a name resolves to.

    A proxy connects by itself, so that its rules apply instead.
    """
    token = _may_reach.set(is_allowed)
    try:
        yield
    finally:
        _may_reach.reset(token)


def seconds_left() -> float:
    """Return the seconds that this thread has left; infinity without a limit."""
    return _ends_at.get() - time.monotonic()


def _seconds(limit: float | None) -> float | None:
    """Return the limit, or the seconds that are left if they are fewer."""
    left = seconds_left()
    if left <= 0:
        raise TimeoutError("The time for the whole exchange is over.")
    return min(math.inf if limit is None else limit, left) if left < math.inf else limit


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limit = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_seconds(self._limit))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Connection(HTTPConnection):
    response_class = _Response
    _used_at = -math.inf
    _peer = ""

    def request(self, *arguments: Any, **options: Any) -> None:
        self._used_at = time.monotonic()
        super().request(*arguments, **options)

    @property
    def is_connected(self) -> bool:
        # urllib3 reads it before it uses a kept connection again.
        return (
            time.monotonic() - self._used_at < KEPT_FOR
            and self._may_reach(self._peer)
            and super().is_connected
        )

    def _may_reach(self, address: str) -> bool:
        is_allowed = _may_reach.get()
        return bool(self.proxy) or is_allowed is None or is_allowed(address)

    def _new_conn(self) -> socket.socket:
        try:
            return self._connected()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from error
        except OSError as error:
            raise NewConnectionError(self, f"Failed to connect: {error}") from error

    def _connected(self) -> socket.socket:
        failure = OSError("The name has no address.")
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM
        ):
            if not self._may_reach(str(address[0])):
                failure = PermissionError("The name leads to an address that is not allowed.")
                continue
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(_seconds(self.timeout))
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                self._peer = str(address[0])
                return sock
        raise failure


class _SecureConnection(_Connection, HTTPSConnection):
    _is_unused = False

    def preconnect(self) -> None:
        """Connect before there is a request to send. Raises urllib3's errors and ``OSError``."""
        self.connect()
        self._used_at = time.monotonic()
        self._is_unused = True

    def request(self, *arguments: Any, **options: Any) -> None:
        self._is_unused = False
        super().request(*arguments, **options)

    @property
    def is_connected(self) -> bool:
        if self._is_unused and self.sock is not None:
            self._read_session_tickets()
        return super().is_connected

    def _read_session_tickets(self) -> None:
        """Read what a TLS 1.3 server sends after the handshake (RFC 8446 section 4.6.1), because
        urllib3 takes unread bytes for the end of a connection."""
        timeout = self.sock.gettimeout()
        try:
            self.sock.settimeout(0)
            # After session tickets there is nothing to read, which raises this error. Any byte
            # would be the answer to no request.
            self.sock.recv(1)
        except ssl.SSLWantReadError:
            self.sock.settimeout(timeout)
            return
        except OSError:
            pass
        self.close()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection

    def preconnect(self, connect_timeout: float) -> None:
        """Open a connection for the next request, unless one is open. A proxy is left out: it is
        near, and its tunnel is a request of its own.

        Raises urllib3's ``HTTPError``, ``OSError`` and ``ValueError``.
        """
        if self.proxy:
            return
        connection: Any = self._get_conn()
        try:
            if connection.is_closed:
                connection.timeout = connect_timeout
                connection.preconnect()
        except BaseException:
            connection.close()
            raise
        finally:
            self._put_conn(connection)


class DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
