"""A sign-out at Microsoft ends the sessions here: the front-channel logout address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from azuread_connections.login.flows import logout
from azuread_connections.login.lookup.frontchannel import frontchannel_token
from azuread_connections.models import Connection, Revocation
from tests.company import Company

pytestmark = pytest.mark.django_db

SID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def is_signed_in(client: Client) -> bool:
    return client.get("/login/profile").status_code == 200


def limit(monkeypatch: pytest.MonkeyPatch, name: str, count: int) -> None:
    """Set a limit, in a window that does not end within a test."""
    limit = replace(getattr(logout, name), limit=count, seconds=604_800)
    monkeypatch.setattr(logout, name, limit)


def frontchannel(
    company: Company, token: str = "", sid: str = SID, client_address: str = "127.0.0.1"
) -> Any:
    token = token or frontchannel_token(company.connection)
    url = reverse("azuread_connections:frontchannel_logout", args=[token])
    return Client(REMOTE_ADDR=client_address).get(url, {"sid": sid})


@pytest.mark.parametrize("claimed", [SID, SID.upper()])
@pytest.mark.parametrize("given", [SID, SID.upper()])
def test_a_sign_out_at_microsoft_ends_the_sessions_it_led_to(
    contoso: Company, client: Client, claimed: str, given: str
) -> None:
    other = Client()
    contoso.sign_in(other)
    contoso.person.claims["sid"] = claimed
    contoso.sign_in(client)
    response = frontchannel(contoso, sid=given)
    assert response.status_code == 200
    assert "X-Frame-Options" not in response
    assert "no-store" in response["Cache-Control"]
    assert not is_signed_in(client)
    assert is_signed_in(other)


@pytest.mark.parametrize("token", ["x", "-1", "a" * 40 + "-1", "é-1", "0-" + "9" * 30])
def test_strangers_cannot_call_it(contoso: Company, token: str) -> None:
    assert frontchannel(contoso, token).status_code == 404
    assert not Revocation.objects.exists()


def test_another_connections_address_ends_nothing_here(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.person.claims["sid"] = SID
    contoso.sign_in(client)
    assert frontchannel(fabrikam).status_code == 200
    assert is_signed_in(client)


@pytest.mark.parametrize("sid", ["", "guess", "%00", "x" * 9000])
def test_a_made_up_session_is_noted_nowhere(contoso: Company, sid: str) -> None:
    assert frontchannel(contoso, sid=sid).status_code == 200
    assert not Revocation.objects.exists()


def test_repeating_it_adds_no_rows(contoso: Company) -> None:
    for _ in range(5):
        frontchannel(contoso)
    assert Revocation.objects.count() == 1


def test_a_flood_of_made_up_sessions_is_cut_off(
    contoso: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limit(monkeypatch, "_SIGN_OUTS_OF_CONNECTION", 3)
    for number in range(10):
        response = frontchannel(contoso, sid=SID[:-1] + str(number))
    assert Revocation.objects.count() == 3
    # A refused sign-out gets an error status.
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    told = [record for record in caplog.records if "“sign_outs” is reached" in record.message]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("203.0.113.9", "203.0.113.10"),
        ("2001:db8:0:1::{}", "2001:db8:0:2::1"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10"),
    ],
)
def test_one_clients_flood_keeps_nobody_elses_session_open(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch, one: str, another: str
) -> None:
    limit(monkeypatch, "_SIGN_OUTS_OF_CONNECTION", 6)
    limit(monkeypatch, "_SIGN_OUTS_OF_CLIENT", 3)
    contoso.person.claims["sid"] = SID
    contoso.sign_in(client)
    for number in range(9):
        frontchannel(contoso, sid=SID[:-1] + str(number), client_address=one.format(number))
    assert Revocation.objects.count() == 3
    assert frontchannel(contoso, client_address=another).status_code == 200
    assert not is_signed_in(client)


def test_the_address_changes_with_the_app(contoso: Company) -> None:
    before = frontchannel_token(contoso.connection)
    Connection.objects.update(client_id=SID)
    assert frontchannel_token(Connection.objects.get()) != before


def test_the_address_outlives_a_rotation_of_the_secret_key(contoso: Company, settings: Any) -> None:
    token = frontchannel_token(contoso.connection)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert frontchannel(contoso, token).status_code == 200
