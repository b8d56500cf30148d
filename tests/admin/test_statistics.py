"""The chart of sign-ins and failures of a connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from azuread_connections.admin.statistics import per_day
from azuread_connections.models import Connection, Event
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page, text
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(entra: StandIn, settings: Any, application: Any) -> Company:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return Company.create(entra, application)


def test_the_chart_counts_one_as_one(boss: Client, connection: Connection) -> None:
    Event.objects.create(
        created_at=timezone.now(), kind=Event.Kind.SIGNED_IN, connection=connection
    )
    page = text(boss.get(change_page(connection)))
    assert "Last 30 days: 1 sign-in 0 failures" in page
    assert f"highest: 1 per day {timezone.now():%Y-%m-%d}" in page


def test_the_chart_counts_days_and_counted_junk(company: Company, boss: Client) -> None:
    now = timezone.now()
    for age, kind, count in ((0, "signed_in", 1), (3, "sign_in_failed", 40), (40, "signed_in", 7)):
        Event.objects.create(
            created_at=now - timedelta(days=age), kind=kind, count=count, reference="x"
        )
    days = per_day(Event.objects.all())
    assert len(days) == 30
    assert (days[-1].signed_in, sum(day.failed for day in days)) == (1, 40)
    page = text(boss.get(reverse("admin:azuread_connections_event_changelist")))
    assert "Last 30 days: 1 sign-in 40 failures" in page
    first, last = (f"{day.date:%Y-%m-%d}" for day in (days[0], days[-1]))
    assert f"{first} highest: 40 per day {last}" in page


def test_days_that_are_over_are_kept_where_there_are_many(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azuread_connections.admin.statistics.MANY", 40)
    now = timezone.now()

    def note(age: int, count: int) -> None:
        Event.objects.create(
            created_at=now - timedelta(days=age), kind="signed_in", count=count, reference="x"
        )

    def found(events: Any) -> tuple[int, int]:
        with CaptureQueriesContext(database) as queries:
            days = per_day(events)
        assert len(queries) <= 1
        return sum(day.signed_in for day in days[:-1]), days[-1].signed_in

    everything = Event.objects.all()
    note(3, 39)
    assert found(everything) == (39, 0)
    note(4, 1)
    assert found(everything) == (40, 0)  # few: counted again
    note(5, 7)
    note(0, 2)
    assert found(everything) == (40, 2)  # many: kept, and today is counted
    assert found(Event.objects.filter(connection=connection)) == (0, 0)
    assert found(Event.objects.none()) == (0, 0)


def test_the_counts_are_kept_for_the_day_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azuread_connections.admin.statistics.MANY", 1)
    now = timezone.now()
    for age in (0, 1):
        Event.objects.create(
            created_at=now - timedelta(days=age), kind="signed_in", count=5, reference="x"
        )
    per_day(Event.objects.all())
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=1))
    assert [day.signed_in for day in per_day(Event.objects.all())][-3:] == [5, 5, 0]
