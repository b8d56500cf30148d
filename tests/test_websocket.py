"""Without Channels: any ASGI stack with a session and a user. With it: tests/sites."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from copy import copy
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.test import Client

from azuread_connections import websocket
from azuread_connections.models import Connection, EnabledConnection, Revocation
from azuread_connections.websocket import ConnectionWebsocketMiddleware
from tests.company import Company
from tests.factories import ConnectionFactory, UserFactory

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


# --- When a session is over -----------------------------------------------------------------------


def sign_out(scope: dict[str, Any]) -> None:
    scope["session"].flush()


def switch_user(scope: dict[str, Any]) -> None:
    scope["session"][SESSION_KEY] = str(UserFactory.create().pk)
    scope["session"].save()


def deactivate(scope: dict[str, Any]) -> None:
    get_user_model().objects.update(is_active=False)


def delete(scope: dict[str, Any]) -> None:
    get_user_model().objects.all().delete()


def change_password(scope: dict[str, Any]) -> None:
    user = get_user_model().objects.get()
    user.set_password("another")
    user.save()


def disable(scope: dict[str, Any]) -> None:
    EnabledConnection.objects.all().delete()


@pytest.mark.parametrize(
    "end", [sign_out, switch_user, deactivate, delete, change_password, disable]
)
def test_a_session_is_over_as_it_is_for_a_page(
    scope: dict[str, Any], end: Callable[[dict[str, Any]], None]
) -> None:
    assert not websocket._session_ended(scope["session"], scope["user"])
    user = copy(scope["user"])
    end({**scope, "session": scope["session"].__class__(scope["session"].session_key)})
    assert websocket._session_ended(scope["session"], user)


def test_a_session_of_a_backend_that_was_removed_is_over(
    scope: dict[str, Any], settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert websocket._session_ended(scope["session"], scope["user"])


def test_a_look_is_at_this_very_moment(scope: dict[str, Any], settings: Any) -> None:
    """Whatever other requests have found within SESSION_CHECK_SECONDS."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 3600}
    browser = Client()
    browser.cookies["sessionid"] = scope["session"].session_key
    assert browser.get("/login/profile").status_code == 200
    Revocation.everybody(Connection.objects.get())
    assert browser.get("/login/profile").status_code == 200
    assert websocket._session_ended(scope["session"], scope["user"])


def test_a_password_session_lasts_as_long_as_its_user_has_it(client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    assert not websocket._session_ended(client.session, user)
    Revocation.everybody(ConnectionFactory.create())
    assert not websocket._session_ended(client.session, user)
    # Somebody else has the session now.
    session = client.session
    switch_user({"session": session})
    assert websocket._session_ended(session, user)


@pytest.mark.parametrize("fails", [False, True])
def test_connections_are_checked_before_and_after_a_look(
    scope: dict[str, Any], monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """A look is outside of a request, so Django does not replace one that the database closed, nor
    end one that is older than CONN_MAX_AGE."""
    steps: list[str] = []

    def look(*args: Any) -> bool:
        steps.append("look")
        if fails:
            raise OperationalError
        return False

    monkeypatch.setattr(websocket, "close_old_connections", lambda: steps.append("check"))
    monkeypatch.setattr(websocket, "_is_over", look)
    with pytest.raises(OperationalError) if fails else nullcontext():
        websocket._session_ended(scope["session"], scope["user"])
    assert steps == ["check", "look", "check"]
