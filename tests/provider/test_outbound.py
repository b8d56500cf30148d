"""Where requests to clients go, and where they do not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from azuread_connections.entra.errors import Unreachable
from azuread_connections.provider.outbound import AddressRefused, is_public, post_form
from tests.provider.logout_receiver import Receiver, listening


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


def set_site(settings: Any, public_url: str, **more: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": public_url, **more}


def send(url: str) -> int:
    return post_form(url, {"logout_token": "x"}, seconds=2)


def test_a_site_in_development_reaches_its_clients(settings: Any, receiver: Receiver) -> None:
    set_site(settings, "http://localhost:8000")
    assert send(receiver.url) == 200
    assert send(receiver.url.replace("127.0.0.1", "localhost")) == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/logout",
        "http://127.0.0.1:{port}/logout",
        "ftp://client.example/",
        "https://user@127.0.0.1:{port}/",
        "https://client.example",
        "https://client.example\\@127.0.0.1/",
        "https://client.example/#x",
        "https:///x",
        "https://client.example:99999/",
        "https://[::1/",
        "https://client.example/\r\nX: y",
        "//client.example/",
        "",
    ],
)
def test_a_malformed_or_unprotected_address_gets_nothing(
    settings: Any, receiver: Receiver, url: str
) -> None:
    set_site(settings, "https://id.example")
    with pytest.raises(AddressRefused):
        send(url.format(port=receiver.port))
    assert not receiver.posts


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"],
)
def test_an_address_within_the_network_gets_nothing(
    settings: Any, receiver: Receiver, host: str
) -> None:
    set_site(settings, "https://id.example")
    with pytest.raises(Unreachable, match="NewConnectionError"):
        send(f"https://{host}:{receiver.port}/logout")


def test_a_name_that_leads_into_the_network_gets_nothing(
    settings: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the name meant a moment ago: what counts is the address that is connected to."""
    set_site(settings, "https://id.example")
    connected = _resolve_to(monkeypatch, "127.0.0.1", receiver.port)
    with pytest.raises(Unreachable):
        send("https://client.example/logout")
    assert not connected


def test_a_host_that_the_site_lists_may_be_within_the_network(
    settings: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_site(settings, "https://id.example", PRIVATE_LOGOUT_HOSTS=["Client.example"])
    connected = _resolve_to(monkeypatch, "127.0.0.1", receiver.port)
    with pytest.raises(Unreachable):  # no TLS there
        send("https://client.example/logout")
    assert connected
    with pytest.raises(AddressRefused):
        send("http://client.example/logout")


def _resolve_to(monkeypatch: pytest.MonkeyPatch, address: str, port: int) -> list[Any]:
    """Let every name lead to an address; return a list of what is connected to."""
    connected: list[Any] = []
    connect = socket.socket.connect

    def note(self: socket.socket, target: Any) -> None:
        connected.append(target)
        connect(self, target)

    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answer)
    monkeypatch.setattr(socket.socket, "connect", note)
    return connected


def test_a_redirect_is_not_followed(settings: Any, receiver: Receiver) -> None:
    set_site(settings, "http://localhost:8000")
    receiver.status, receiver.headers = 307, {"Location": "/other"}
    with pytest.raises(Exception, match="redirect"):
        send(receiver.url)
    assert [post["path"] for post in receiver.posts] == ["/logout"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("::ffff:93.184.216.34", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:0:1::1", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        # Site-local addresses, and others that nobody on the Internet has been given.
        ("fec0::1", False),
        ("::7f00:1", False),
        ("::ffff:0:7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("5f00::1", False),
        ("4000::1", False),
    ],
)
def test_what_is_public(address: str, expected: bool) -> None:
    assert is_public(address) is expected
