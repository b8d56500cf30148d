from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from azuread_connections.entra import pools, preconnection
from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.entra.raw_server import RawServer
from tests.tls import server_context, write_certificate

pytestmark = pytest.mark.django_db

MICROSOFT = "login.microsoftonline.com"


def test_the_sign_in_pages_links_keep_an_allowed_outside_destination(contoso, application, client):
    application.allowed_callback_urls = ["https://portal.example.com/cb"]
    application.save()
    assert (
        "next=https%3A%2F%2Fportal.example.com%2Fcb"
        in client.get("/login/", {"next": "https://portal.example.com/cb"}).content.decode()
    )


# A start opens the connection that the callback's requests use.


@pytest.fixture
def plain_address(entra: StandIn) -> str:
    return entra.url


@pytest.fixture
def front(
    entra: StandIn, plain_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RawServer]:
    """Microsoft's host: the stand-in behind TLS, to which only the site connects."""
    certificate = write_certificate(tmp_path / "microsoft.pem", MICROSOFT)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", MICROSOFT)
    port = urlsplit(plain_address).port
    assert port
    server = RawServer(lambda wire: wire.tunnel(port), server_context(certificate))
    resolve = socket.getaddrinfo

    def resolve_to_front(host: Any, other_port: Any, *args: Any, **options: Any) -> Any:
        if host == MICROSOFT:
            host, other_port = "127.0.0.1", urlsplit(server.url).port
        return resolve(host, other_port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_to_front)
    monkeypatch.setattr(preconnection, "_used_at", {})
    pools._environment_settings.cache_clear()
    pools._pool.cache_clear()
    monkeypatch.setattr(entra._state, "url", f"https://{MICROSOFT}")
    yield server
    server.stop()
    pools._environment_settings.cache_clear()


@pytest.fixture
def company(front: RawServer, microsoft: StandIn, application: Application) -> Company:
    return Company.create(microsoft, application)


def wait_for_preconnection() -> None:
    for thread in threading.enumerate():
        if thread.name == "preconnect":
            thread.join(5)
    time.sleep(0.05)


def test_a_callback_finds_the_connection_open(
    plain_address: str, company: Company, front: RawServer, client: Client
) -> None:
    authorize_url = company.start(client)
    wait_for_preconnection()
    assert (front.connections, company.microsoft.count()) == (1, 0)
    authorize_url = authorize_url.replace(f"https://{MICROSOFT}", plain_address)
    callback_url = company.microsoft.sign_in(authorize_url, company.person)
    assert client.get(callback_url).status_code == 302
    assert client.session["_auth_user_id"]
    assert front.connections == 1


def test_many_starts_open_one_connection(
    company: Company, front: RawServer, client: Client
) -> None:
    for _ in range(5):
        company.start(client)
        wait_for_preconnection()
    assert (front.connections, company.microsoft.count()) == (1, 0)


def test_a_start_that_is_refused_opens_none(
    company: Company, front: RawServer, client: Client
) -> None:
    assert client.get("/login/fabrikam/").status_code == 403
    wait_for_preconnection()
    assert front.connections == 0


def test_a_start_does_not_wait_for_microsoft(
    microsoft: StandIn, application: Application, client: Client, settings: Any
) -> None:
    company = Company.create(microsoft, application)
    silent = RawServer(lambda wire: wire.hold())
    settings.AZUREAD_CONNECTIONS |= {"LOGIN_URL": silent.url.replace("http:", "https:")}
    began = time.monotonic()
    company.start(client)
    assert time.monotonic() - began < 2
    silent.stop()
