"""Expiry dates: a day that somebody typed is stored as the time at which it starts in UTC.

It is shown and counted in UTC again, whatever the site's time zone: west of Greenwich, that time
belongs to the day before.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.utils import timezone


def start_of_day(day: date) -> datetime:
    """Return the start of a day in UTC, as this project's database stores times."""
    return as_stored(datetime(day.year, day.month, day.day, tzinfo=UTC))


def day_of(moment: datetime) -> date:
    """Return the day of a stored time in UTC: the reverse of ``start_of_day``."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC).date()


def as_stored(moment: datetime) -> datetime:
    """Return an aware time as this project's database stores times."""
    # With USE_TZ off, they are naive, in the site's time zone.
    if timezone.is_aware(timezone.now()):
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())
