"""How many rows events get, and that none is lost."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from azuread_connections.entra.errors import CredentialRejected
from azuread_connections.login.log import events, limits, store
from azuread_connections.login.log.failures import SignInFailed
from azuread_connections.models import Connection, Event
from tests.company import Company, query_of

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
    monkeypatch.setattr(limits, "FAILURES_PER_MINUTE", 3)
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
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch, minute: None) -> None:
    monkeypatch.setattr(limits, "FAILURES_PER_MINUTE", 3)
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
    monkeypatch.setattr(limits, "FAILURES_PER_MINUTE", 0)
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


def test_a_flood_at_one_connection_hides_no_failure_of_another_nor_another_code(contoso, fabrikam):
    with (
        mock.patch.object(limits, "FAILURES_PER_MINUTE", 3),
        mock.patch.object(timezone, "now", return_value=timezone.now().replace(second=1)),
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
    now = timezone.now()
    with (
        mock.patch.object(limits, "FAILURES_PER_MINUTE", 0),
        mock.patch.object(timezone, "now", return_value=now),
    ):
        for connection in (contoso.connection, fabrikam.connection):
            failed = SignInFailed("secret_rejected")
            failed.connection = connection
            events.record_failure(RequestFactory().get("/"), failed)
        events.record_credential_refused(
            contoso.connection, contoso.connection.credentials.get(), CredentialRejected("x"), "ABC"
        )
    assert Event.objects.count() == 3


def test_a_counter_that_another_process_just_made_is_counted(contoso):
    now = timezone.now()

    def make():
        return Event(
            created_at=now, kind="sign_in_failed", code="x", reference=store.new_reference()
        )

    first, second = make(), make()
    store.count(first)
    real = store._increment
    answers = [False]
    with mock.patch.object(
        store, "_increment", lambda event: answers.pop() if answers else real(event)
    ):
        store.count(second)
    assert Event.objects.get().count == 2
    assert second.reference == first.reference


def test_an_evicted_counter_loses_no_failure(contoso):
    with mock.patch("azuread_connections.cache.ForgivingCache.incr", side_effect=ValueError):
        _fail(contoso, 1, error="access_denied")
    assert Event.objects.get().counter_key is None


def test_what_is_counted_with_all_takes_over_the_reference_of_that_row(
    contoso: Company, fabrikam: Company, minute: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNPROVEN_PER_MINUTE", 0)
    counted = [
        store.new_event(Event.Kind.PROVISIONING_REFUSED, company.connection, code="x")
        for company in (contoso, fabrikam)
    ]
    for event in counted:
        subject = str(event.connection_id)
        store.count_limited(event, subject, limits.Limits(event.created_at, is_proven=False))
    row = Event.objects.get()
    assert (row.count, row.connection_name) == (2, "")
    assert {event.reference for event in counted} == {row.reference}
    assert [event.connection_name for event in counted] == ["contoso", "fabrikam"]
