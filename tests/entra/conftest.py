from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from azuread_connections.entra.transport import Timeouts, Transport
from tests.entra.clock import Clock, ClockedCache
from tests.entra.raw_server import Conversation, RawServer
from tests.tls import server_context, write_certificate


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> ClockedCache:
    return ClockedCache(clock)


@pytest.fixture
def transport() -> Transport:
    """A transport whose limits no test reaches."""
    return Transport(Timeouts(connect=5, read=5, total=10))


class Serve(Protocol):
    """Starts a server that runs this conversation on every connection."""

    def __call__(
        self, conversation: Conversation, tls: ssl.SSLContext | None = None
    ) -> RawServer: ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[RawServer] = []

    def start(conversation: Conversation, tls: ssl.SSLContext | None = None) -> RawServer:
        servers.append(RawServer(conversation, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for this machine, with its key."""
    return write_certificate(tmp_path / "loopback.pem")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return server_context(certificate)
