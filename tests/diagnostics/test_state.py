"""The state of a connection in one line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.state import Level, State, state_of
from azuread_connections.models import Connection, Credential, EnabledConnection, Event
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def dated(contoso: Company) -> Company:
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=200))
    return contoso


def state() -> State:
    connection = Connection.objects.get()
    return state_of(connection, checklist(connection))


def record(kind: Event.Kind, *, minutes_ago: int = 0, **values: Any) -> None:
    Event.objects.create(
        kind=kind,
        created_at=timezone.now() - timedelta(minutes=minutes_ago),
        connection=Connection.objects.get(),
        **values,
    )


def test_people_can_sign_in(dated: Company, client: Any) -> None:
    dated.sign_in(client)
    assert state() == State(Level.WORKS, "People can sign in.")


def test_what_needs_attention_is_named(contoso: Company, client: Any) -> None:
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=3))
    contoso.sign_in(client)
    assert state() == State(Level.ATTENTION, "People can sign in.", "Needs attention: Credentials.")


def test_nothing_was_tried_yet(dated: Company) -> None:
    assert state().level == Level.UNTESTED


def test_a_trial_that_worked_counts(dated: Company) -> None:
    record(Event.Kind.TRIED)
    assert state().level == Level.WORKS
    assert "Nobody has signed in yet." in str(state().text)


def test_a_trial_that_failed_does_not(dated: Company) -> None:
    record(Event.Kind.TRIED, code="secret_rejected")
    assert state().level == Level.UNTESTED


@pytest.mark.parametrize(
    ("field", "ago", "reason"),
    [
        ("expires_at", timedelta(days=9), "expired 9 days ago"),
        ("refused_at", timedelta(0), "refused by Microsoft just now"),
    ],
)
def test_without_a_usable_credential_nobody_can_sign_in(
    dated: Company, client: Any, field: str, ago: timedelta, reason: str
) -> None:
    dated.sign_in(client)
    Credential.objects.update(**{field: timezone.now() - ago})
    assert state().level == Level.STOPPED
    assert state().text == "Nobody can sign in."
    assert reason in str(state().reason)


def test_without_an_application_nobody_can_sign_in(dated: Company, client: Any) -> None:
    dated.sign_in(client)
    EnabledConnection.objects.all().delete()
    assert state().level == Level.STOPPED
    assert "Not enabled for any application" in str(state().reason)


def test_one_good_credential_is_enough(dated: Company, client: Any) -> None:
    dated.sign_in(client)
    dated.connection.credentials.create(value="Old8Q~secret", refused_at=timezone.now())
    assert state().level == Level.ATTENTION


def test_a_failure_of_the_connection_after_the_last_sign_in_is_shown(
    dated: Company, client: Any
) -> None:
    dated.sign_in(client)
    record(Event.Kind.SIGN_IN_FAILED, code="microsoft_error", aadsts_code=700016)
    assert state().level == Level.FAILING
    assert "AADSTS700016" in str(state().reason)
    record(Event.Kind.TRIED)
    assert state().level == Level.WORKS


@pytest.mark.parametrize(
    "values",
    [
        {"code": "user_refused"},
        {"code": "access_denied"},
        # Anybody can call the callback with an error of their own.
        {"code": "microsoft_error", "is_unconfirmed": True},
    ],
)
def test_a_failure_of_one_person_or_of_nobody_is_not(
    dated: Company, client: Any, values: dict[str, Any]
) -> None:
    dated.sign_in(client)
    record(Event.Kind.SIGN_IN_FAILED, **values)
    assert state().level == Level.WORKS


def test_an_old_failure_is_over(dated: Company, client: Any) -> None:
    record(Event.Kind.SIGN_IN_FAILED, code="secret_rejected", minutes_ago=5)
    dated.sign_in(client)
    assert state().level == Level.WORKS
