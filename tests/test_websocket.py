"""Without Channels: any ASGI stack with a session and a user. With it: tests/sites."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from azuread_connections import websocket
from azuread_connections.models import Connection, Revocation
from azuread_connections.websocket import ConnectionWebsocketMiddleware
from tests.company import Company

Send = Callable[[Any], Awaitable[None]]
pytestmark = pytest.mark.django_db(transaction=True)


async def consumer(scope: Any, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    """Says who is there, then repeats what it receives, also after the end."""
    await send({"type": "user", "name": str(scope["user"])})
    while True:
        message = await receive()
        await send(message)
        if message["type"] == "websocket.disconnect":
            return


def communicator(scope: dict[str, Any]) -> ApplicationCommunicator:
    return ApplicationCommunicator(ConnectionWebsocketMiddleware(consumer), scope)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    monkeypatch.setattr(websocket, "_SHORTEST_INTERVAL", 0)


@pytest.fixture
def scope(contoso: Company, client: Client) -> dict[str, Any]:
    contoso.sign_in(client)
    user = get_user_model().objects.get()
    return {"type": "websocket", "session": client.session, "user": user}


def test_messages_pass(scope: dict[str, Any]) -> None:
    async def test() -> None:
        socket = communicator(scope)
        assert (await socket.receive_output())["name"] == "adele.vance@contoso.com"
        for text in ("one", "two"):
            await socket.send_input({"type": "websocket.receive", "text": text})
            assert (await socket.receive_output())["text"] == text
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        assert (await socket.receive_output())["code"] == 1000
        await socket.wait()

    async_to_sync(test)()


def test_a_socket_is_closed_and_sends_nothing_more(scope: dict[str, Any]) -> None:
    async def test() -> None:
        socket = communicator(scope)
        await socket.receive_output()
        await everybody_out()
        assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}
        # The consumer learns of it, and what it still sends is dropped.
        await socket.wait()
        assert socket.output_queue.empty()

    async_to_sync(test)()


async def everybody_out() -> None:
    connection = await Connection.objects.aget()
    await sync_to_async(Revocation.everybody)(connection)


def test_a_socket_that_only_sends_is_closed(scope: dict[str, Any]) -> None:
    sent: list[str] = []

    async def ticker(scope: Any, receive: Any, send: Send) -> None:
        for number in range(5):
            if number == 2:
                await sync_to_async(scope["session"].flush)()
            await send({"type": "websocket.send", "text": str(number)})
            sent.append(str(number))

    async def test() -> None:
        socket = ApplicationCommunicator(ConnectionWebsocketMiddleware(ticker), scope)
        got = [await socket.receive_output() for _ in range(3)]
        assert [each.get("text") for each in got[:2]] == ["0", "1"]
        assert got[2] == {"type": "websocket.close", "code": websocket.CLOSE_CODE}
        await socket.wait()
        assert await socket.receive_nothing()

    async_to_sync(test)()
    assert sent == ["0", "1", "2", "3", "4"]


def test_a_session_that_is_over_has_no_user(scope: dict[str, Any]) -> None:
    Revocation.everybody(Connection.objects.get())

    async def test() -> None:
        socket = communicator(scope)
        assert (await socket.receive_output())["name"] == "AnonymousUser"
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()

    async_to_sync(test)()


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_requests_are_not_looked_at(kind: str, django_assert_num_queries: Any) -> None:
    scope = {"type": kind, "session": None, "user": AnonymousUser()}

    async def test() -> None:
        socket = communicator(scope)
        await socket.receive_output()
        await socket.send_input({"type": "websocket.disconnect"})
        await socket.wait()

    with django_assert_num_queries(0):
        async_to_sync(test)()


def test_a_look_costs_three_queries(scope: dict[str, Any], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        assert not websocket._session_ended(scope["session"], scope["user"])
