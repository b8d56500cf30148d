"""One limit for all requests of a callback to Microsoft, however many there are."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.test import Client

from azuread_connections.defaults import DEFAULTS
from azuread_connections.entra.deadline import seconds_left, within
from azuread_connections.entra.errors import Unreachable
from azuread_connections.entra.metadata import SigningKeys
from azuread_connections.entra.transport import Timeouts, Transport
from azuread_connections.models import Connection
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.entra.clock import Clock, ClockedCache
from tests.factories import CredentialFactory
from tests.faults.callback import HASTY, assert_failed, browser, come_back

#: Each response alone is in time.
SLOW = 0.3


def test_a_callback_can_take_ten_seconds_by_default() -> None:
    assert DEFAULTS["CALLBACK_TIMEOUT"] == 10


@pytest.mark.django_db
def test_slow_answers_one_after_another_are_cut_off_by_the_limit_of_the_callback(
    contoso: Company,
) -> None:
    """Directory and four refused secrets: 1.5 seconds without the common limit."""
    Connection.objects.update(tenant_id="")
    for _ in range(3):
        CredentialFactory.create(connection=contoso.connection)
    contoso.microsoft.fault("discovery", delay=SLOW, times=None)
    contoso.microsoft.fault("token", delay=SLOW, aadsts=7000215, times=None)
    failed = come_back(contoso, browser(), limits=HASTY)
    assert_failed(failed, 503, "microsoft_unreachable")
    assert contoso.microsoft.count("token") < 4


@pytest.mark.django_db
def test_slow_answers_within_the_limit_are_waited_for(contoso: Company, client: Client) -> None:
    contoso.microsoft.fault("token", delay=SLOW)
    contoso.microsoft.fault("keys", delay=SLOW)
    assert come_back(contoso, client).status_code == 302


def test_an_inner_limit_cannot_outlast_an_outer_one() -> None:
    with within(1) as outer, within(60) as inner:
        assert inner == outer
        assert seconds_left() <= 1
    with within(60) as outer, within(1) as inner:
        assert inner < outer
    assert seconds_left() == float("inf")


def test_nothing_is_sent_when_the_time_is_over(entra: StandIn) -> None:
    """Over a kept connection, too: a code that was sent cannot be used again."""
    transport = Transport(Timeouts(1, 1, 1))
    url = f"{entra.url}/common/discovery/v2.0/keys"
    transport.get(url)
    with within(0), pytest.raises(Unreachable):
        transport.post(url.replace("keys", "token"), {"code": "x"})
    assert entra.count() == 1


def test_nobody_waits_longer_for_others_who_fetch_the_keys(entra: StandIn) -> None:
    """Several addresses share a lock, so one can wait for many others' keys."""
    entra.fault("keys", delay=1.2, times=None)
    clock = Clock()
    keys = SigningKeys(Transport(Timeouts(2, 2, 2)), ClockedCache(clock), clock)
    url = f"{entra.url}/common/discovery/v2.0/keys"
    first = threading.Thread(target=_find, args=[keys, url])
    first.start()
    while not entra.count("keys"):
        time.sleep(0.01)
    with within(0.3), pytest.raises(Unreachable, match="Another request"):
        keys.find(url, "any")
    assert first.is_alive()
    first.join()


def _find(keys: Any, url: str) -> None:
    with pytest.raises(Exception, match="not published"):
        keys.find(url, "any")


def test_the_limits_of_these_tests_are_those_of_a_site() -> None:
    assert HASTY.keys() <= DEFAULTS.keys()
    assert all(0 < HASTY[key] < DEFAULTS[key] for key in HASTY)
