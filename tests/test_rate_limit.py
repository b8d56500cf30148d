from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from azuread_connections import rate_limit
from azuread_connections.rate_limit import RateLimit, network_of

LIMIT = RateLimit("of_this_test", limit=3, seconds=60)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that stands at the begin of a window."""

    class Clock:
        now = 1_800_000_000.0

        def time(self) -> float:
            return self.now

    found = Clock()
    monkeypatch.setattr(rate_limit, "time", found)
    return found


def test_events_up_to_the_limit_are_allowed() -> None:
    assert [LIMIT.allows("x") for _ in range(5)] == [True, True, True, False, False]


def test_each_key_has_a_count_of_its_own() -> None:
    for _ in range(4):
        LIMIT.allows("x")
    assert LIMIT.allows("y")
    assert LIMIT.allows()


def test_each_limit_has_a_count_of_its_own() -> None:
    for _ in range(4):
        LIMIT.allows("x")
    assert RateLimit("another", limit=3, seconds=60).allows("x")


def test_the_next_window_begins_at_zero(clock: Any) -> None:
    for _ in range(4):
        LIMIT.allows("x")
    clock.now += 59
    assert not LIMIT.allows("x")
    clock.now += 1
    assert LIMIT.allows("x")


@pytest.mark.parametrize("key", ["a b\n", "é" * 300, "\x00", "2001:db8::/64"], ids=ascii)
def test_a_key_can_be_any_text(key: str) -> None:
    assert [LIMIT.allows(key) for _ in range(4)] == [True, True, True, False]


def test_half_a_character_is_a_key() -> None:
    assert LIMIT.allows("\ud800")


def test_parallel_events_are_all_counted() -> None:
    limit = RateLimit("parallel", limit=10, seconds=60)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _number: limit.allows("x"), range(40)))
    assert sum(answers) == 10


def test_reaching_the_limit_is_logged_once_in_a_window(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "azuread_connections"):
        for _ in range(6):
            LIMIT.allows("192.0.2.1")
    (record,) = caplog.records
    assert "more than 3 within 60 seconds (192.0.2.1)" in record.getMessage()


def test_without_a_cache_everything_is_allowed_and_the_outage_is_logged(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with caplog.at_level(logging.WARNING, "azuread_connections"):
        assert all(LIMIT.allows("x") for _ in range(5))
    (record,) = caplog.records
    assert "cache cannot be reached" in record.getMessage()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::", "2001:db8:0:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("nowhere", "unknown"),
    ],
)
def test_the_network_of_an_address(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_whether_a_limit_is_reached_can_be_asked_without_counting() -> None:
    limit = RateLimit("asked", limit=2, seconds=900)
    for _ask in range(5):
        assert not limit.is_reached("somebody")
    assert limit.allows("somebody")
    assert not limit.is_reached("somebody")
    assert limit.allows("somebody")
    assert limit.is_reached("somebody")
    assert not limit.is_reached("somebody else")
