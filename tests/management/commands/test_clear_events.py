from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from azuread_connections.models import Event, Revocation
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def clear(**options: Any) -> str:
    output = StringIO()
    call_command("clear_events", stdout=output, **options)
    return output.getvalue()


@pytest.fixture
def events(db: None) -> None:
    for age in (1, 10, 89, 91, 200):
        Event.objects.create(
            created_at=timezone.now() - timedelta(days=age), kind="signed_in", reference=str(age)
        )


def left() -> list[str]:
    return sorted(Event.objects.values_list("reference", flat=True), key=int)


def test_old_events_go_and_others_stay(events: None) -> None:
    assert clear().startswith("2 events older than 90 days deleted.\n")
    assert left() == ["1", "10", "89"]


def test_days_and_setting_say_what_is_old(events: None, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"EVENT_DAYS": 30}
    clear()
    assert left() == ["1", "10"]
    clear(days=5)
    assert left() == ["1"]


def test_a_batch_at_a_time_deletes_all_the_same(events: None) -> None:
    assert clear(days=0, batch_size=2).startswith("5 events")
    assert left() == []


def test_sign_outs_are_deleted_once_no_earlier_sign_in_is_valid(db: None, settings: Any) -> None:
    """Each is a row, and anybody who has seen the address can create some."""
    settings.SESSION_COOKIE_AGE = 60
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"MAX_SIGN_IN_DAYS": 14}
    connection = ConnectionFactory.create()
    for number in range(4):
        Revocation.of_microsoft_session(connection, f"old-{number}")
    Revocation.everybody(connection)
    Revocation.of_identity(connection, 1)
    Revocation.objects.update(since=timezone.now() - timedelta(days=16))
    Revocation.of_microsoft_session(connection, "new")
    Revocation.objects.filter(subject="sid:new").update(
        since=timezone.now() - timedelta(days=14, hours=23)
    )
    assert "4 sign-outs at Microsoft" in clear(batch_size=3)
    left = Revocation.objects.values_list("subject", flat=True)
    assert set(left) == {"*", "identity:1", "sid:new"}


@pytest.mark.parametrize("option", ["--days", "--batch-size"])
@pytest.mark.parametrize("number", ["-1", "800000", "9" * 5000, "soon", "1e3", ""])
def test_nonsense_deletes_nothing(events: None, option: str, number: str) -> None:
    with pytest.raises(CommandError, match=f"{option}: give a number"):
        call_command("clear_events", f"{option}={number}")
    assert len(left()) == 5


def test_an_empty_batch_is_refused(events: None) -> None:
    with pytest.raises(CommandError, match="between 1 and 10000"):
        call_command("clear_events", "--batch-size=0")
