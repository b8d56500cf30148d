from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from azuread_connections.login import events
from azuread_connections.models import Event, Identity
from tests.company import Company, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"


def test_a_thousand_junk_callbacks_leave_a_handful_of_rows(client: Client) -> None:
    for number in range(1000):
        client.get(CALLBACK, {"state": f"{number:022}", "code": "junk"})
    assert Event.objects.count() <= 5
    assert sum(Event.objects.values_list("count", flat=True)) == 1000


def test_failures_of_one_connection_are_capped_by_the_minute(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FAILURES_PER_MINUTE", 3)
    for _ in range(10):
        state = query_of(contoso.start(client))["state"]
        client.get(CALLBACK, {"state": state, "error": "access_denied"})
    failures = Event.objects.filter(connection=contoso.connection)
    assert failures.count() <= 8  # three and one counter a minute, if the minute changes meanwhile
    assert sum(failures.values_list("count", flat=True)) == 10


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


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", None),
        (1, "", None),
    ],
)
def test_the_address_is_believed_as_far_as_proxies_are_trusted(
    rf: Any, settings: Any, proxies: int, forwarded: str, expected: str | None
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": proxies}
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})
    assert events.client_address(request) == expected


def test_a_name_of_two_megabytes_is_not_written_into_the_log(
    contoso: Company, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(UserFactory.create())
    name = "\x00" + "x" * 2_000_000
    assert client.post("/login/profile/accounts", {"connect": name}).status_code == 403
    message = Event.objects.get(kind="sign_in_failed").message
    assert len(message) <= 4000
    assert "\x00" not in message  # PostgreSQL takes none
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
