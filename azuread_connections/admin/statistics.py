"""Sign-ins and failures per day, for the chart above the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from ..conf import CACHE_PREFIX, conf
from ..models import Event

DAYS = 30
#: Fewer events are counted each time.
MANY = 10_000
#: Seconds for which the counts of days that are over are kept, if they are many. Old events can be
#: deleted meanwhile.
KEPT_FOR = 3600
#: Where clocks are put back.
_LONGEST_DAY = timedelta(hours=26)

#: Events by day and kind.
Counts = dict[tuple[date, str], int]


@dataclass(frozen=True)
class Day:
    """The counts of one day, including forged requests that share a row."""

    date: date
    signed_in: int
    failed: int


def per_day(events: QuerySet[Event]) -> list[Day]:
    """Return the last 30 days, today last, in the site's time zone. One query.

    Where there are many, those of the days that are over are kept for an hour, and only today's are
    counted.
    """
    now = timezone.now()
    today = timezone.localdate() if timezone.is_aware(now) else now.date()
    key = _key(events, today)
    kept = conf.cache.get(key)
    if isinstance(kept, dict):
        counts = kept | _count(events, today, now - _LONGEST_DAY)
    else:
        first = today - timedelta(days=DAYS - 1)
        # One day more, because of time zones.
        counts = _count(events, first, now - timedelta(days=DAYS + 1))
        over = {each: times for each, times in counts.items() if each[0] < today}
        if sum(over.values()) >= MANY:
            conf.cache.set(key, over, KEPT_FOR)
    days = (today - timedelta(days=ago) for ago in reversed(range(DAYS)))
    return [
        Day(
            day,
            counts.get((day, Event.Kind.SIGNED_IN), 0),
            counts.get((day, Event.Kind.SIGN_IN_FAILED), 0),
        )
        for day in days
    ]


def _count(events: QuerySet[Event], first: date, since: datetime) -> Counts:
    """Count the events of each day from ``first`` on, of which none is before ``since``."""
    rows = (
        events.filter(
            created_at__gte=since, kind__in=[Event.Kind.SIGNED_IN, Event.Kind.SIGN_IN_FAILED]
        )
        .annotate(day=TruncDate("created_at"))
        .order_by()
        .values_list("day", "kind")
        .annotate(times=Sum("count"))
    )
    # MariaDB has no day for a time zone whose tables were not loaded.
    return {(day, kind): times for day, kind, times in rows if day and day >= first}


def _key(events: QuerySet[Event], today: date) -> str:
    """By what is counted: a connection's page and each user's log show different events."""
    try:
        counted = str(events.query)
    except EmptyResultSet:
        counted = ""
    parts = (counted, timezone.get_current_timezone_name(), today.isoformat())
    return f"{CACHE_PREFIX}:days:{sha256(repr(parts).encode()).hexdigest()}"
