from __future__ import annotations

from collections.abc import Callable, Iterator

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
    """One whose limits no test reaches."""
    return Transport(Timeouts(connect=5, read=5, total=10))


@pytest.fixture
def serve() -> Iterator[Callable[[Conversation], RawServer]]:
    """Starts servers that hold the given conversation on every connection."""
    servers: list[RawServer] = []

    def start(conversation: Conversation) -> RawServer:
        servers.append(RawServer(conversation))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
