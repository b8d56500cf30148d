from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.test import Client

from azuread_connections.testing import StandIn
from tests.health.conftest import Database

LIVE, READY = "/health/live", "/health/ready"


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.health.urls"


def test_a_site_that_works(database: Database, client: Client) -> None:
    for address in (LIVE, READY):
        answer = client.get(address)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_a_site_without_its_database_says_no_more_than_that(
    database: Database, client: Client
) -> None:
    database.unplug()
    answer = client.get(READY)
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    assert client.get(LIVE).status_code == 200


@pytest.mark.parametrize("is_first", [True, False])
def test_django_neither_logs_it_again_nor_mails_admins(
    database: Database,
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    is_first: bool,
) -> None:
    if is_first:
        middleware = "azuread_connections.health.middleware.HealthMiddleware"
        settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE]
    settings.ADMINS = [("Kai", "kai@example.com")]
    database.unplug()
    for _ in range(2):
        assert client.get(READY).status_code == 503
    assert [record.name for record in caplog.records] == ["azuread_connections"]
    assert mail.outbox == []


@pytest.mark.parametrize("is_atomic", [False, True])
def test_no_session_no_user_and_no_statement_of_the_request_itself(
    database: Database,
    client: Client,
    django_assert_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_atomic: bool,
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", is_atomic)
    client.cookies["sessionid"] = "0123456789abcdef0123456789abcdef"
    with django_assert_num_queries(0):
        assert client.get(LIVE).status_code == 200
        assert client.get(READY).status_code == 200


def test_an_outage_of_microsoft_takes_no_worker_out(
    database: Database, client: Client, microsoft: StandIn
) -> None:
    microsoft.stop()
    assert client.get(READY).status_code == 200
    assert microsoft.count() == 0


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.head(LIVE).status_code == 200
    for address in (LIVE, READY):
        assert client.post(address).status_code == 405


def test_a_balancer_that_asks_by_options_is_not_answered_for_ever(
    database: Database, client: Client
) -> None:
    """HAProxy does, by default. Django would answer 200 without asking the view."""
    database.unplug()
    for address in (LIVE, READY):
        assert client.options(address).status_code == 405


def test_a_site_where_every_page_needs_a_sign_in(
    database: Database, client: Client, settings: Any
) -> None:
    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, login]
    assert client.get(READY).status_code == 200
