from __future__ import annotations

import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient, Client

from azuread_connections.health import views
from tests.health.conftest import Database

MIDDLEWARE = "azuread_connections.health.middleware.HealthMiddleware"
LIVE, READY = "/health/live", "/health/ready"


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    """A site in production, as a balancer reaches it: by an address, without TLS."""
    settings.ROOT_URLCONF = "tests.health.urls"
    settings.ALLOWED_HOSTS = ["app.example.com"]
    settings.SECURE_SSL_REDIRECT = True


@pytest.fixture
def first(settings: Any) -> None:
    settings.MIDDLEWARE = [MIDDLEWARE, *settings.MIDDLEWARE]


def test_without_it_a_balancer_is_refused(client: Client) -> None:
    assert client.get(LIVE, headers={"host": "10.0.0.7"}).status_code in {301, 400}


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("address", [LIVE, READY])
def test_a_balancer_is_answered(database: Database, client: Client, address: str) -> None:
    assert client.get(address, headers={"host": "10.0.0.7"}).json() == {"status": "ok"}


@pytest.mark.usefixtures("first")
def test_under_asgi(database: Database, async_client: AsyncClient) -> None:
    answer = async_to_sync(async_client.get)(READY, headers={"host": "10.0.0.7"})
    assert answer.json() == {"status": "ok"}


@pytest.mark.usefixtures("first")
def test_a_request_that_hangs_does_not_stop_a_probe(
    database: Database, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under ASGI, the views of one event loop share a thread. A probe has another."""
    probing: list[int] = []

    def failing_checks(*args: Any) -> tuple[str, ...]:
        probing.append(threading.get_ident())
        return ()

    monkeypatch.setattr(views, "failing_checks", failing_checks)

    async def threads() -> tuple[int, int]:
        await async_client.get(READY)
        return await sync_to_async(threading.get_ident)(), threading.get_ident()

    assert not {*async_to_sync(threads)()} & {*probing}
    assert len(probing) == 1


@pytest.mark.usefixtures("first")
def test_all_other_addresses_keep_their_checks(client: Client) -> None:
    assert client.get("/login/", headers={"host": "10.0.0.7"}).status_code in {301, 400}
    assert client.get("/health/live/", headers={"host": "10.0.0.7"}).status_code in {301, 400}


@pytest.mark.usefixtures("first")
def test_a_site_below_a_path(client: Client) -> None:
    answer = client.get(LIVE, SCRIPT_NAME="/portal", headers={"host": "10.0.0.7"})
    assert answer.status_code == 200
