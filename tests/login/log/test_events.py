from __future__ import annotations

import logging
from typing import Any
from unittest import mock

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from azuread_connections.login.log import events, limits
from azuread_connections.models import Connection, Event, Identity
from tests.company import Company, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"


def _fail(contoso, times, **parameters):
    for _ in range(times):
        c = Client()
        state = query_of(contoso.start(c))["state"]
        c.get(CALLBACK, {"state": state, **parameters})


@pytest.mark.slow
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


def decline(company: Company, browser: Client, **answer: str) -> Any:
    """Do what anybody can: start a sign-in, and write the callback's address themselves."""
    state = query_of(company.start(browser))["state"]
    return browser.get(CALLBACK, {"state": state, "error": "access_denied", **answer})


def rows(**values: Any) -> list[tuple[str, int]]:
    return list(
        Event.objects.filter(kind="sign_in_failed", **values)
        .order_by("pk")
        .values_list("connection_name", "count")
    )


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole test happens within one minute."""
    now = timezone.now()
    monkeypatch.setattr(events.timezone, "now", lambda: now)


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch, minute: None) -> None:
    monkeypatch.setattr(events, "FAILURES_PER_MINUTE", 3)
    monkeypatch.setattr(limits, "UNPROVEN_PER_MINUTE", 5)
    monkeypatch.setattr(limits, "PROVEN_PER_MINUTE", 5)


def test_a_real_failure_keeps_its_row_and_reference_during_a_flood(
    contoso: Company, fabrikam: Company, client: Client, low_limits: None
) -> None:
    for _ in range(10):
        decline(contoso, client)
        decline(fabrikam, client)
    Connection.objects.update(create_users=False)
    response = contoso.sign_in(client)
    [event] = Event.objects.filter(code="user_refused")
    assert (event.count, event.connection) == (1, contoso.connection)
    assert event.reference in response.content.decode()
    contoso.microsoft.fault("token", aadsts=7000222)
    response = contoso.sign_in(client)
    event = Event.objects.get(code="secret_rejected", kind="sign_in_failed")
    assert (event.count, event.is_unconfirmed) == (1, False)
    assert event.reference in response.content.decode()


def test_all_connections_together_have_a_limit(
    contoso: Company, fabrikam: Company, client: Client, low_limits: None
) -> None:
    for _ in range(10):
        decline(contoso, client)
    assert rows() == [("contoso", 1), ("contoso", 1), ("contoso", 1), ("contoso", 7)]
    for _ in range(10):
        decline(fabrikam, client)
    # One more fits. The rest is counted, for each connection, and the counters' number is limited.
    assert rows()[4:] == [("fabrikam", 1), ("", 9)]


def test_confirmed_failures_have_separate_limits(
    contoso: Company, fabrikam: Company, client: Client, low_limits: None
) -> None:
    Connection.objects.update(create_users=False)
    for company in (contoso, fabrikam):
        for _ in range(5):
            company.sign_in(client)
    assert rows() == [
        *[("contoso", 1)] * 3,
        ("contoso", 2),
        ("fabrikam", 1),
        ("", 4),
    ]
    decline(contoso, client)
    assert rows()[-1] == ("contoso", 1)


def test_a_secret_that_is_refused_takes_no_row_from_people_who_are(
    contoso: Company, client: Client, low_limits: None
) -> None:
    """Anybody can cause this refusal with a forged code."""
    contoso.microsoft.fault("token", aadsts=7000222, times=10)
    for _ in range(4):
        state = query_of(contoso.start(client))["state"]
        client.get(CALLBACK, {"state": state, "code": "1.Axxx"})
    contoso.microsoft.clear_faults()
    Connection.objects.update(create_users=False)
    contoso.sign_in(client)
    assert Event.objects.get(code="user_refused").counter_key is None


def test_a_made_up_code_is_not_proven(contoso: Company, client: Client, low_limits: None) -> None:
    for _ in range(5):
        state = query_of(contoso.start(client))["state"]
        client.get(CALLBACK, {"state": state, "code": "1.Axxx"})
    assert rows() == [*[("contoso", 1)] * 3, ("contoso", 2)]
    decline(contoso, client)
    # Both are of one kind: the connection's rows are used up, so this begins a counter of its code.
    assert Event.objects.get(code="access_denied").counter_key


def test_what_is_proven_is_never_counted_in_a_row_of_junk(
    contoso: Company, client: Client, minute: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FAILURES_PER_MINUTE", 0)
    decline(contoso, client)
    contoso.microsoft.fault("token", aadsts=50105)
    contoso.sign_in(client)
    assert rows(code="access_denied") == [("contoso", 1), ("contoso", 1)]


def test_the_counters_of_many_connections_have_the_limit_too(
    contoso: Company, fabrikam: Company, client: Client, low_limits: None
) -> None:
    for number in (0, 1, 2, 3):
        decline(contoso, client)
        decline(fabrikam, client)
        assert Event.objects.count() <= limits.UNPROVEN_PER_MINUTE + 1, number
    decline(contoso, client)
    decline(fabrikam, client)
    assert Event.objects.count() == limits.UNPROVEN_PER_MINUTE + 1


def test_what_only_the_browser_says_of_microsoft_is_marked(
    contoso: Company, client: Client
) -> None:
    decline(contoso, client, error_description="AADSTS7000222: The secret has expired.")
    event = Event.objects.get()
    assert (event.aadsts_code, event.is_unconfirmed) == (7000222, True)


def test_without_a_cache_junk_is_counted_and_what_is_proven_keeps_its_row(
    contoso: Company, client: Client, settings: Any, minute: None
) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.faults.test_cache.BrokenCache"}}
    for _ in range(5):
        decline(contoso, client)
    assert rows() == [("contoso", 5)]
    Connection.objects.update(create_users=False)
    for _ in range(2):
        contoso.sign_in(client)
    assert rows(code="user_refused") == [("contoso", 1), ("contoso", 1)]


def test_pythons_log_names_the_connection_of_what_is_counted_overall(
    contoso: Company,
    client: Client,
    low_limits: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(limits, "UNPROVEN_PER_MINUTE", 0)
    response = decline(contoso, client)
    event = Event.objects.get()
    assert event.connection_name == ""
    assert event.reference in response.content.decode()
    assert f"connection=contoso application=default reference={event.reference}" in caplog.text


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


def test_a_flood_at_one_connection_hides_no_failure_of_another_nor_another_code(contoso, fabrikam):
    with (
        mock.patch.object(events, "FAILURES_PER_MINUTE", 3),
        mock.patch.object(
            events.timezone, "now", return_value=events.timezone.now().replace(second=1)
        ),
    ):
        _fail(contoso, 6, error="access_denied")
        _fail(contoso, 2, error="server_error")
        _fail(fabrikam, 2, error="access_denied")
    rows = Event.objects.filter(connection=contoso.connection)
    assert sorted(rows.filter(counter_key__isnull=False).values_list("code", "count")) == [
        ("access_denied", 3),
        ("microsoft_error", 2),
    ]
    assert Event.objects.filter(connection=fabrikam.connection, counter_key=None).count() == 2


def test_counters_of_two_connections_and_kinds_are_two(contoso, fabrikam):
    from azuread_connections.login.log.failures import SignInFailed

    now = events.timezone.now()
    with (
        mock.patch.object(events, "FAILURES_PER_MINUTE", 0),
        mock.patch.object(events.timezone, "now", return_value=now),
    ):
        for connection in (contoso.connection, fabrikam.connection):
            failed = SignInFailed("secret_rejected")
            failed.connection = connection
            events.record_failure(RequestFactory().get("/"), failed)
        from azuread_connections.entra.errors import CredentialRejected

        events.record_credential_refused(
            contoso.connection, contoso.connection.credentials.get(), CredentialRejected("x"), "ABC"
        )
    assert Event.objects.count() == 3


def test_a_counter_that_another_process_just_made_is_counted(contoso):
    now = events.timezone.now()

    def make():
        return Event(
            created_at=now, kind="sign_in_failed", code="x", reference=events.new_reference()
        )

    first, second = make(), make()
    events._count(first)
    real = events._increment
    answers = [False]
    with mock.patch.object(
        events, "_increment", lambda event: answers.pop() if answers else real(event)
    ):
        events._count(second)
    assert Event.objects.get().count == 2
    assert second.reference == first.reference


def test_an_evicted_counter_loses_no_failure(contoso):
    with mock.patch("azuread_connections.cache.ForgivingCache.incr", side_effect=ValueError):
        _fail(contoso, 1, error="access_denied")
    assert Event.objects.get().counter_key is None


@pytest.mark.parametrize("field", ["person", "message", "correlation_id"])
def test_no_text_of_anybodys_makes_a_line_of_the_log(field, caplog):
    with caplog.at_level(logging.INFO, "azuread_connections"):
        events._log(
            logging.INFO, Event(kind="signed_in", **{field: "x\nsigned_in person=root \u2028y"})
        )
    assert len(caplog.messages[0].splitlines()) == 1
