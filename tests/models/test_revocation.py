"""A sign-out at Microsoft is stored as long as an earlier sign-in is valid."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Revocation
from tests.company import Company

pytestmark = pytest.mark.django_db

SID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
DAY = 86_400


@pytest.fixture
def pass_days(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move this process's clock on."""
    now, real_time = timezone.now, time.time
    passed = 0.0

    def pass_days(days: float) -> None:
        nonlocal passed
        passed += days

    def later() -> datetime:
        return now() + timedelta(days=passed)

    monkeypatch.setattr(timezone, "now", later)
    monkeypatch.setattr(time, "time", lambda: real_time() + passed * DAY)
    return pass_days


@pytest.fixture
def client(contoso: Company, settings: Any) -> Client:
    """A browser with a session of ten years."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    contoso.person.claims["sid"] = SID
    client = Client()
    contoso.sign_in(client)
    session = client.session
    session.set_expiry(3650 * DAY)
    session.save()
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/login/profile").status_code == 200


def clear_events() -> None:
    call_command("clear_events", stdout=StringIO())


@pytest.mark.parametrize("days", [1, 29, 399, 400.5, 401.5, 500, 3000])
def test_a_session_of_ten_years_stays_signed_out(
    contoso: Company, client: Client, pass_days: Callable[[float], None], days: float
) -> None:
    pass_days(0.1)
    Revocation.of_microsoft_session(contoso.connection, SID)
    pass_days(days)
    clear_events()
    assert not is_signed_in(client)


def test_a_sign_out_shortly_before_its_end_counts(
    contoso: Company, client: Client, pass_days: Callable[[float], None]
) -> None:
    pass_days(399.9)
    Revocation.of_microsoft_session(contoso.connection, SID)
    clear_events()
    assert Revocation.objects.exists()
    assert not is_signed_in(client)


def test_it_lasts_as_long_as_the_setting_says(
    client: Client, settings: Any, pass_days: Callable[[float], None]
) -> None:
    pass_days(399)
    assert is_signed_in(client)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"MAX_SIGN_IN_DAYS": 398}
    assert not is_signed_in(client)
