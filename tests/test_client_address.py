"""The client's address in the log, from every form that a web server or a proxy writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.client_address import client_address, parse_address
from azuread_connections.models import Event
from tests.company import Company


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:52144", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("for=203.0.113.9", "203.0.113.9"),
        ('For="[2001:db8::1]:4711";proto=https;by=203.0.113.43', "2001:db8::1"),
        ('"203.0.113.9:80"', "203.0.113.9"),
        ("", None),
        ("unknown", None),
        ("for=_hidden", None),
        ("203.0.113.9:", None),
        ("203.0.113.9:123456", None),
        ("203.0.113.999", None),
        ("203.0.113.9 evil", None),
        ("203.0.113.9\x00", None),
        ("[203.0.113.9", None),
        ("[]:80", None),
        ("%", None),
        ("٢٠٣.0.113.9", None),
        ("1" * 9000, None),
    ],
)
def test_an_address_is_read_in_each_form(written: str, address: str | None) -> None:
    assert parse_address(written) == address


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9:52144", "203.0.113.9"),
        (1, "192.0.2.1, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.1, 203.0.113.9:1, [2001:db8::2]:80", "203.0.113.9"),
        (1, "203.0.113.9,", "203.0.113.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", None),
        (1, " , ,", None),
        (1, "", None),
    ],
)
def test_as_many_entries_count_as_there_are_proxies(
    rf: Any, settings: Any, proxies: int, header: str, address: str | None
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": proxies}
    request = rf.get("/", headers={"x-forwarded-for": header})
    assert client_address(request) == address


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "remote", "header", "stored"),
    [
        (1, "10.0.0.7", "203.0.113.9:52144", "203.0.113.9"),
        (0, "fe80::1%eth0", "", "fe80::1"),
        (0, "", "", None),
    ],
)
def test_the_log_has_it(
    contoso: Company, settings: Any, proxies: int, remote: str, header: str, stored: str | None
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": proxies}
    client = Client(REMOTE_ADDR=remote, headers={"x-forwarded-for": header})
    assert contoso.sign_in(client).status_code == 302
    assert Event.objects.get().address == stored
