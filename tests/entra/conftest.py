from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Protocol

import pytest

from azuread_connections.entra.transport import Timeouts, Transport
from tests.entra.clock import Clock, ClockedCache
from tests.entra.raw_server import Conversation, RawServer


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
