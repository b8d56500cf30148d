from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
import requests

from azuread_connections.testing import StandIn
from tests.testing.contoso import get

DISCOVERY = "common/v2.0/.well-known/openid-configuration"


def exchange(entra: StandIn, data: bytes) -> bytes:
    address = urlsplit(entra.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as sock:
        sock.sendall(data)
        return sock.recv(65536)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "POST"])
def test_odd_methods_are_refused(entra: StandIn, method: str) -> None:
    answer = requests.request(method, f"{entra.url}/{DISCOVERY}", timeout=5)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


def test_unknown_paths_are_not_found(entra: StandIn) -> None:
    answer = get(f"{entra.url}/nowhere")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_huge_body_is_refused(entra: StandIn) -> None:
    head = b"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"
    assert exchange(entra, head).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_unknown_length_is_refused(entra: StandIn) -> None:
    head = b"POST /error HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert exchange(entra, head).startswith(b"HTTP/1.1 411 ")
