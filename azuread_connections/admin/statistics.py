"""Sign-ins and failures per day, for the chart above the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from ..models import Event

DAYS = 30


@dataclass(frozen=True)
class Day:
    """The counts of one day, including forged requests that share a row."""

    date: date
    signed_in: int
    failed: int


def per_day(events: QuerySet[Event]) -> list[Day]:
    """Return the last 30 days, today last, in the site's time zone. One query."""
    now = timezone.now()
    today = timezone.localdate() if timezone.is_aware(now) else now.date()
    first = today - timedelta(days=DAYS - 1)
    # One day more, because of time zones; the dates below cut it off.
    rows = (
        events.filter(
            created_at__gte=now - timedelta(days=DAYS + 1),
            kind__in=[Event.Kind.SIGNED_IN, Event.Kind.SIGN_IN_FAILED],
        )
        .annotate(day=TruncDate("created_at"))
        .order_by()
        .values_list("day", "kind")
        .annotate(times=Sum("count"))
    )
    counts = {(day, kind): times for day, kind, times in rows}
    days = (first + timedelta(days=number) for number in range(DAYS))
    return [
        Day(
            day,
            counts.get((day, Event.Kind.SIGNED_IN), 0),
            counts.get((day, Event.Kind.SIGN_IN_FAILED), 0),
        )
        for day in days
    ]
