"""Run by ``test_sites`` with Django Channels, as docs/existing-sites.md sets it up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from azuread_connections import websocket
from azuread_connections.models import Connection, EnabledConnection, Revocation
from tests.company import Company
from tests.packages.documented import run
from tests.sites.communicator import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)

User = get_user_model()


@pytest.fixture(scope="module")
def asgi() -> Any:
    return run("existing-sites.md", "asgi: channels")["application"]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the session without waiting a second."""
    monkeypatch.setattr(websocket, "_SHORTEST_INTERVAL", 0.01)


@pytest.fixture
def signed_in(contoso: Company, client: Client) -> Client:
    assert contoso.sign_in(client).status_code == 302
    return client


def socket_of(asgi: Any, client: Client) -> WebsocketCommunicator:
    morsel = client.cookies["sessionid"]
    cookie = f"{morsel.key}={morsel.value}".encode()
    return WebsocketCommunicator(asgi, "/news/", headers=[(b"cookie", cookie)])


def in_loop(test: Callable[..., Awaitable[None]], *args: Any) -> None:
    async_to_sync(test)(*args)


async def ask(socket: WebsocketCommunicator) -> Any:
    await socket.send_json_to({})
    return await socket.receive_json_from()


def test_a_socket_of_somebody_signed_in_stays_open(asgi: Any, signed_in: Client) -> None:
    async def test() -> None:
        socket = socket_of(asgi, signed_in)
        assert (await socket.connect())[0]
        for _ in range(3):
            assert await ask(socket) == {"you": "adele.vance@contoso.com"}
            assert await socket.receive_nothing(0.03)
        await socket.disconnect()

    in_loop(test)


def test_a_stranger_gets_none(asgi: Any, db: None) -> None:
    async def test() -> None:
        socket = WebsocketCommunicator(asgi, "/news/")
        assert not (await socket.connect())[0]

    in_loop(test)


def sign_everyone_out(client: Client) -> None:
    Revocation.everybody(Connection.objects.get())


def sign_out_here(client: Client) -> None:
    client.post("/login/logout")


def disable_the_connection(client: Client) -> None:
    EnabledConnection.objects.all().delete()


def deactivate_the_user(client: Client) -> None:
    User.objects.update(is_active=False)


def give_another_password(client: Client) -> None:
    user = User.objects.get()
    user.set_password("another")
    user.save()


def delete_the_session(client: Client) -> None:
    Session.objects.all().delete()


ENDS = [
    sign_everyone_out,
    sign_out_here,
    disable_the_connection,
    deactivate_the_user,
    give_another_password,
    delete_the_session,
]


@pytest.mark.parametrize("end", ENDS)
def test_an_open_socket_is_closed(
    asgi: Any, signed_in: Client, end: Callable[[Client], None]
) -> None:
    async def test() -> None:
        socket = socket_of(asgi, signed_in)
        assert (await socket.connect())[0]
        await ask(socket)
        await sync_to_async(end)(signed_in)
        # The client sends nothing.
        assert await socket.receive_output(5) == {
            "type": "websocket.close",
            "code": websocket.CLOSE_CODE,
        }
        await socket.wait()

    in_loop(test)


@pytest.mark.parametrize("end", ENDS)
def test_a_session_that_is_over_opens_none(
    asgi: Any, signed_in: Client, end: Callable[[Client], None]
) -> None:
    socket = socket_of(asgi, signed_in)
    end(signed_in)

    async def test() -> None:
        assert not (await socket.connect())[0]

    in_loop(test)


def test_a_password_session_ends_with_its_session(asgi: Any, db: None) -> None:
    """It has no sign-in by a connection that could be revoked."""
    client = Client()
    client.force_login(
        User.objects.create_user("boss"), "django.contrib.auth.backends.ModelBackend"
    )

    async def test() -> None:
        socket = socket_of(asgi, client)
        assert (await socket.connect())[0]
        assert await ask(socket) == {"you": "boss"}
        assert await socket.receive_nothing(0.03)
        await sync_to_async(delete_the_session)(client)
        assert (await socket.receive_output(5))["code"] == websocket.CLOSE_CODE
        await socket.wait()

    in_loop(test)


def test_a_new_secret_key_keeps_the_session(signed_in: Client, settings: Any) -> None:
    """Nothing gives it a new key, which this browser would not learn."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-that-is-long-enough-0123456789-0123456789"
    keys = set(Session.objects.values_list("session_key", flat=True))

    async def test() -> None:
        scope = {
            "session": await sync_to_async(lambda: signed_in.session)(),
            "user": await User.objects.aget(),
        }
        assert not await websocket.session_ended(scope)

    in_loop(test)
    assert set(Session.objects.values_list("session_key", flat=True)) == keys
