from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Event, Identity
from tests.company import Company, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"


def test_what_only_the_browser_says_of_microsoft_is_marked(
    contoso: Company, client: Client
) -> None:
    state = query_of(contoso.start(client))["state"]
    description = "AADSTS7000222: The secret has expired."
    answer = {"state": state, "error": "access_denied", "error_description": description}
    client.get(CALLBACK, answer)
    event = Event.objects.get()
    assert (event.aadsts_code, event.is_unconfirmed) == (7000222, True)


def test_an_event_outlives_what_it_names(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    Identity.objects.get().user.delete()
    contoso.connection.delete()
    event = Event.objects.get()
    assert (event.connection, event.identity) == (None, None)
    assert (event.connection_name, event.person) == ("contoso", "adele.vance@contoso.com")


def test_deleting_a_connection_keeps_its_people(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    contoso.connection.delete()
    assert Identity.objects.get().connection is None


def test_a_name_of_two_megabytes_is_not_written_into_the_log(
    contoso: Company, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(UserFactory.create())
    name = "\x00" + "x" * 2_000_000
    assert client.post("/login/profile/accounts", {"connect": name}).status_code == 403
    message = Event.objects.get(kind="sign_in_failed").message
    assert len(message) <= 4000
    assert "\x00" not in message  # PostgreSQL accepts none
    assert max(len(record.getMessage()) for record in caplog.records) < 5000


def test_nothing_that_is_logged_holds_a_secret_a_code_or_a_token(
    contoso: Company, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[dict[str, Any]] = []
    contoso.microsoft.tamper_token_response(lambda answer: seen.append(dict(answer)), times=None)
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    assert client.get(callback_url).status_code == 302
    contoso.microsoft.fault("token", aadsts=7000215)
    contoso.sign_in(Client())

    told = "\n".join(
        f"{r.getMessage()} {r.__dict__}" for r in caplog.records if "azuread" in r.name
    )
    assert "signed_in" in told
    assert "sign_in_failed" in told
    hidden = [
        contoso.app.secrets[0].value,
        query_of(callback_url)["code"],
        seen[0]["id_token"],
        seen[0]["access_token"],
    ]
    everything = caplog.text + told + repr(list(Event.objects.values()))
    assert not [value for value in hidden if value in everything]
