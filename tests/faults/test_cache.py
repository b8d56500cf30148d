"""The cache is missing, broken or emptied: sign-ins are slower, but work."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.test import Client

from tests.company import Company, error_code, unprove
from tests.entra.conftest import Serve, serve  # noqa: F401 - a fixture
from tests.entra.test_transport import free_port
from tests.factories import CredentialFactory
from tests.faults.callback import (
    assert_failed,
    assert_nobody_came_in,
    assert_recovers,
    browser,
    come_back,
)

pytestmark = pytest.mark.django_db

BROKEN = {"BACKEND": "tests.faults.test_cache.BrokenCache"}


class BrokenCache(BaseCache):
    """Raises an unknown exception for every operation."""

    def __init__(self, location: str, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)

    def _break(self, *arguments: Any, **options: Any) -> Any:
        raise LookupError("The cache is broken.")

    add = get = set = touch = delete = clear = incr = get_many = set_many = has_key = _break


@pytest.fixture(params=["broken", "Redis at a closed port"])
def cache_gone(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "broken":
        settings.CACHES = {"default": BROKEN}
        return
    pytest.importorskip("redis")
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        }
    }


def test_people_sign_in_without_a_cache_and_it_is_logged(
    contoso: Company, cache_gone: None, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        client = browser()
        assert come_back(contoso, client).status_code == 302
        assert client.get("/login/profile").status_code == 200
    # Nothing is cached, so each sign-in fetches the keys.
    assert contoso.microsoft.count("keys") == 2
    assert "The cache cannot be reached; going on without it." in caplog.messages
    assert all(
        record.levelno == logging.ERROR
        for record in caplog.records
        if "cannot be reached" in record.getMessage()
    )


def test_an_outage_is_logged_once_a_minute(
    contoso: Company,
    cache_gone: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def logged() -> int:
        return sum("cache cannot be reached" in message for message in caplog.messages)

    for _ in range(3):
        assert come_back(contoso, browser()).status_code == 302
    assert logged() == 1
    monkeypatch.setattr("azuread_connections.cache.LOG_INTERVAL", 0.0)
    assert come_back(contoso, browser()).status_code == 302
    assert logged() > 1


def test_every_path_that_uses_the_cache_works_without_it(
    contoso: Company, cache_gone: None
) -> None:
    """An unverified domain, a refused secret, counted failures, the front-channel's limit."""
    unprove()
    CredentialFactory.create(connection=contoso.connection)
    assert come_back(contoso, browser()).status_code == 302
    for _ in range(3):
        failed = Client().get("/login/callback", {"state": "A" * 22, "code": "x"})
        assert (failed.status_code, error_code(failed)) == (400, "transaction_missing")


def test_failures_keep_their_pages_without_a_cache(contoso: Company, cache_gone: None) -> None:
    client = browser()
    contoso.microsoft.fault("token", status=503)
    failed = come_back(contoso, client)
    assert_failed(failed, 503, "microsoft_unreachable")
    assert_recovers(contoso, client, failed)


def test_without_a_cache_microsoft_still_takes_a_code_only_once(
    contoso: Company, cache_gone: None
) -> None:
    """The cookie of a used transaction, kept and sent again."""
    client = browser()
    url = contoso.start(client)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    assert client.get(callback_url).status_code == 302
    again = browser()
    again.cookies.load(cookies)
    refused = again.get(callback_url)
    assert (refused.status_code, error_code(refused)) == (400, "transaction_expired")


def test_no_keys_and_no_cache_is_the_same_page_and_recovers(
    contoso: Company, cache_gone: None
) -> None:
    client = browser()
    contoso.microsoft.fault("keys", times=None, status=503)
    failed = come_back(contoso, client)
    assert_failed(failed, 503, "microsoft_unreachable")
    contoso.microsoft.clear_faults()
    assert_recovers(contoso, client, failed)


def test_a_cache_that_fails_during_the_sign_in_and_recovers(
    contoso: Company, settings: Any
) -> None:
    there = settings.CACHES
    client = browser()

    def take_away() -> None:
        settings.CACHES = {"default": BROKEN}

    assert come_back(contoso, client, before=take_away).status_code == 302
    settings.CACHES = there
    assert come_back(contoso, browser()).status_code == 302
    assert come_back(contoso, browser()).status_code == 302
    assert contoso.microsoft.count("keys") == 2  # the second finds no keys, and stores them


def test_a_cache_emptied_between_start_and_callback_costs_one_request(contoso: Company) -> None:
    contoso.sign_in(browser())
    assert come_back(contoso, browser(), before=cache.clear).status_code == 302
    assert contoso.microsoft.count("keys") == 2


def test_sessions_in_a_cache_that_is_gone_end_as_the_database_would(
    contoso: Company, settings: Any
) -> None:
    """This is the site's own storage: its 500 page, nothing half-written, and recovery."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    there = settings.CACHES
    client = browser()

    def take_away() -> None:
        settings.CACHES = {"default": BROKEN}

    assert come_back(contoso, client, before=take_away).status_code == 500
    assert_nobody_came_in()
    settings.CACHES = there
    assert contoso.sign_in(client).status_code == 302
    assert client.get("/login/profile").status_code == 200


def test_a_cache_that_does_not_answer_costs_its_own_time_limit(
    contoso: Company,
    settings: Any,
    serve: Serve,  # noqa: F811
) -> None:
    pytest.importorskip("redis")
    silent = serve(lambda wire: wire.hold())
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": silent.url.replace("http:", "redis:"),
            "OPTIONS": {"socket_timeout": 0.05, "socket_connect_timeout": 0.05},
        }
    }
    assert come_back(contoso, browser()).status_code == 302
