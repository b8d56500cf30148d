"""The setting DNS_SERVERS."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from azuread_connections.dns_proof.servers import Server, is_server, read_server

# Since Django 6.1, some checks read the database.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ("192.0.2.53", Server("192.0.2.53", 53)),
        ("192.0.2.53:5353", Server("192.0.2.53", 5353)),
        (" 192.0.2.53 ", Server("192.0.2.53", 53)),
        ("[2001:db8::53]", Server("2001:db8::53", 53)),
        ("[2001:DB8::53]:5353", Server("2001:db8::53", 5353)),
        ("localhost:5353", Server("localhost", 5353)),
        ("ns1.example.com", Server("ns1.example.com", 53)),
    ],
)
def test_an_entry_is_a_host_and_a_port(entry: str, server: Server) -> None:
    assert read_server(entry) == server


@pytest.mark.parametrize(
    "entry",
    [
        *("", ":53", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:dns"),
        *("2001:db8::53", "[2001:db8::53", "[192.0.2.53]", "[::1]x", "192.0.2.256", "1.2.3"),
        *("udp://192.0.2.53", "192.0.2.53/dns", "a b", "192.0.2.53,192.0.2.54", "-x.example"),
        *(None, 53, b"192.0.2.53"),
    ],
)
def test_all_else_is_refused_and_named_by_a_check(entry: Any, settings: Any) -> None:
    assert not is_server(entry)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"DNS_SERVERS": [entry]}
    found = [each for each in run_checks(include_deployment_checks=False) if "DNS_" in each.msg]
    assert [each.id for each in found] == ["azuread_connections.W010"]
    assert repr(entry) in found[0].msg


def test_a_text_in_place_of_the_list_is_named(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"DNS_SERVERS": "192.0.2.53"}
    assert any("DNS_SERVERS" in each.msg for each in run_checks())


def test_good_entries_are_not_named(settings: Any) -> None:
    given = {"DNS_SERVERS": ["192.0.2.53", "[::1]:5353"]}
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | given
    assert not [each for each in run_checks() if "DNS_SERVERS" in each.msg]
