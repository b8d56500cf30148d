"""A connection to Microsoft that is opened before there is a request to send."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from azuread_connections.entra import deadline, preconnection
from azuread_connections.entra.errors import Unreachable
from azuread_connections.entra.transport import Response, Timeouts, Transport
from tests.entra.conftest import Serve
from tests.entra.forked import get_in_child
from tests.entra.raw_server import RawServer, Wire, answering, response


@pytest.fixture(autouse=True)
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    wait_until(lambda: not opening())


def opening() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "preconnect"]


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.005)


def preconnect(transport: Transport, server: RawServer) -> None:
    """Preconnect, and wait until it is done and the server's session tickets have arrived."""
    transport.preconnect(server.url)
    wait_until(lambda: not opening())
    time.sleep(0.05)


def keep_answering(wire: Wire) -> None:
    while wire.read_request():
        wire.send(response())


def read_one_byte(wire: Wire) -> None:
    wire.read_request()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_first_request_uses_the_open_connection(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    """Also the session tickets of TLS 1.3, which are unread by then, do not close it."""
    tls.minimum_version = tls.maximum_version = version
    server = serve(keep_answering, tls)
    preconnect(transport, server)
    assert (server.connections, server.requests) == (1, [])
    for _ in range(2):
        assert transport.post(server.url, {"code": "1"}) == Response(200, b"{}")
    assert server.connections == 1


def test_a_request_waits_for_the_connection_that_is_being_opened(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = deadline._SecureConnection.connect

    def connect_slowly(connection: deadline._SecureConnection) -> None:
        time.sleep(0.2)
        connect(connection)

    monkeypatch.setattr(deadline._SecureConnection, "connect", connect_slowly)
    server = serve(keep_answering, tls)
    transport.preconnect(server.url)
    assert opening()
    assert transport.get(server.url) == Response(200, b"{}")
    wait_until(lambda: not opening())
    assert server.connections == 1


def test_a_request_does_not_wait_for_a_thread_that_is_not_started_yet(
    transport: Transport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(keep_answering)
    key = preconnection._key(server.url)
    monkeypatch.setitem(preconnection._opening, key, threading.Thread())
    assert transport.get(server.url) == Response(200, b"{}")


def test_only_one_connection_is_opened_until_it_is_too_old(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(keep_answering, tls)
    now = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(deadline, "time", clock)
    monkeypatch.setattr(preconnection, "time", clock)
    for idle, connections in ((0, 1), (99, 1), (100, 2), (1, 2)):
        now += idle
        for _ in range(3):
            preconnect(transport, server)
        assert server.connections == connections
        # An answer shows that the connection is open: it counts as a use.
        transport.get(server.url)
        assert server.connections == connections


def test_nothing_is_opened_while_a_connection_is_kept(
    transport: Transport, serve: Serve, tls: ssl.SSLContext
) -> None:
    server = serve(keep_answering, tls)
    transport.get(server.url)
    preconnect(transport, server)
    transport.get(server.url)
    assert server.connections == 1


def test_a_connection_that_microsoft_has_closed_meanwhile_is_replaced(
    transport: Transport, serve: Serve, tls: ssl.SSLContext
) -> None:
    def close_the_first(wire: Wire) -> None:
        if server.connections > 1:
            keep_answering(wire)

    server = serve(close_the_first, tls)
    preconnect(transport, server)
    assert transport.post(server.url, {"code": "1"}) == Response(200, b"{}")
    assert (server.connections, len(server.requests)) == (2, 1)


def test_a_connection_on_which_data_came_before_a_request_is_replaced(
    transport: Transport, serve: Serve, tls: ssl.SSLContext
) -> None:
    """Otherwise the next request would take these bytes for its answer."""

    def answer_too_early(wire: Wire) -> None:
        if server.connections == 1:
            wire.send(response(b'{"id_token": "of another"}'))
        keep_answering(wire)

    server = serve(answer_too_early, tls)
    preconnect(transport, server)
    assert transport.get(server.url) == Response(200, b"{}")
    assert server.connections == 2


def test_a_failure_is_left_to_the_request(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    server = serve(answering(response()), tls)
    preconnect(transport, server)
    with pytest.raises(Unreachable, match=r"\(SSLError\)"):
        transport.get(server.url)
    assert server.requests == []


def test_a_site_that_does_not_answer_is_asked_by_one_thread_at_a_time(silent_site: str) -> None:
    hasty = Transport(Timeouts(connect=0.3, read=0.2, total=0.4))
    for _ in range(5):
        hasty.preconnect(silent_site)
    assert len(opening()) == 1
    began = time.monotonic()
    with pytest.raises(Unreachable):
        hasty.get(silent_site)
    assert time.monotonic() - began < 1.5
    wait_until(lambda: not opening())
    hasty.preconnect(silent_site)
    assert not opening()


def test_a_request_waits_only_as_long_as_connecting_can_take(
    serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name's look-up, for example, has no time limit of its own."""
    connect, is_over = deadline._SecureConnection.connect, threading.Event()

    def hang(connection: deadline._SecureConnection) -> None:
        if threading.current_thread().name == "preconnect":
            is_over.wait(5)
        connect(connection)

    monkeypatch.setattr(deadline._SecureConnection, "connect", hang)
    server, hasty = serve(keep_answering, tls), Transport(Timeouts(connect=0.2, read=2, total=2))
    hasty.preconnect(server.url)
    assert hasty.get(server.url) == Response(200, b"{}")
    assert opening()
    is_over.set()


@pytest.fixture
def silent_site() -> Iterator[str]:
    """Accepts connections, and never answers the handshake."""
    server = RawServer(lambda wire: wire.hold())
    yield server.url.replace("http:", "https:")
    server.stop()


def test_a_process_without_room_for_a_thread_does_without(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(keep_answering, tls)

    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        transport.preconnect(server.url)
    assert transport.get(server.url) == Response(200, b"{}")


def test_without_tls_nothing_is_opened(transport: Transport, serve: Serve) -> None:
    server = serve(keep_answering)
    preconnect(transport, server)
    assert server.connections == 0


def test_by_a_proxy_nothing_is_opened(
    transport: Transport, serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(read_one_byte), serve(keep_answering, tls)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    preconnect(transport, server)
    assert (proxy.connections, server.connections) == (0, 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_does_not_use_the_connection(
    transport: Transport, serve: Serve, tls: ssl.SSLContext
) -> None:
    server = serve(keep_answering, tls)
    preconnect(transport, server)
    assert get_in_child(transport, server.url)
    assert server.connections == 2
    transport.get(server.url)
    assert server.connections == 2
