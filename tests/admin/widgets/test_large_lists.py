"""Lists of very many rows: a large number is counted once a minute, a small one each time."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.admin.event import EventAdmin
from azuread_connections.admin.widgets import large_lists
from azuread_connections.models import Connection, Event
from tests.admin.conftest import CLIENT_ID
from tests.admin.pages import LIST, text
from tests.factories import UserFactory

EVENTS = "/admin/azuread_connections/event/"


@pytest.fixture(autouse=True)
def four_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_lists, "MANY", 4)


def make(number: int, start: int = 0) -> None:
    for count in range(start, start + number):
        name = f"contoso-{count}"
        Connection.objects.create(name=name, domain=f"{name}.example", client_id=CLIENT_ID)


def counts(client: Client, path: str) -> tuple[int, int]:
    """How many rows the page says there are, and how often it asked."""
    with CaptureQueriesContext(database) as queries:
        page = client.get(path)
    assert page.status_code == 200
    asked = [query for query in queries if "COUNT(*) AS" in query["sql"].split("FROM")[0]]
    return page.context["cl"].result_count, len(asked)


def test_few_rows_are_counted_each_time(boss: Client) -> None:
    make(3)
    assert counts(boss, LIST) == (3, 1)
    Connection.objects.first().delete()  # type: ignore[union-attr]
    assert counts(boss, LIST) == (2, 1)
    assert "2 connections" in text(boss.get(LIST))


def test_many_rows_are_counted_once_a_minute(boss: Client) -> None:
    make(5)
    assert counts(boss, LIST) == (5, 1)
    make(1, start=5)
    assert counts(boss, LIST) == (5, 0)
    assert counts(boss, f"{LIST}?p=1") == (5, 0)
    assert counts(boss, f"{LIST}?o=-1") == (5, 0)
    cache.clear()
    assert counts(boss, LIST) == (6, 1)


def test_searched_and_filtered_rows_are_counted_separately(boss: Client) -> None:
    make(5)
    counts(boss, LIST)
    assert counts(boss, f"{LIST}?q=contoso-3") == (1, 1)
    assert counts(boss, f"{LIST}?q=contoso") == (5, 1)
    assert counts(boss, f"{LIST}?identity_api__exact=v1.0") == (0, 1)
    assert counts(boss, EVENTS) == (0, 1)


def test_a_number_is_one_users_own(boss: Client) -> None:
    make(5)
    counts(boss, LIST)
    other = Client()
    other.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    assert counts(other, LIST) == (5, 1)


def test_a_page_that_was_emptied_meanwhile_is_a_page(boss: Client) -> None:
    make(21)
    counts(boss, LIST)
    Connection.objects.last().delete()  # type: ignore[union-attr]
    page = boss.get(f"{LIST}?p=2")
    assert page.status_code == 200
    assert not page.context["cl"].result_list


def test_a_cache_that_holds_something_else_is_not_believed(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(5)
    counts(boss, LIST)
    monkeypatch.setattr("azuread_connections.cache.ForgivingCache.get", lambda *_: "many")
    assert counts(boss, LIST) == (5, 1)


def test_a_sites_own_paginator_is_its_own(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Paginator):
        count = 7

    monkeypatch.setattr(EventAdmin, "paginator", Own)
    assert counts(boss, EVENTS) == (7, 0)


def test_the_log_is_such_a_list_too(boss: Client) -> None:
    for _ in range(5):
        Event.objects.create(created_at=timezone.now(), kind="signed_in")
    assert counts(boss, EVENTS) == (5, 1)
    assert counts(boss, EVENTS) == (5, 0)
