"""A chart of days as bars, drawn in SVG without script or inline style."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from ...models import Event
from ..statistics import Day, per_day

WIDTH, HEIGHT, STEP, BAR = 600, 80, 20, 14


@dataclass(frozen=True)
class Bar:
    """One day: a bar of failures on top of one of sign-ins, in SVG units from the top left."""

    day: Day
    x: int
    signed_in_y: int
    signed_in_height: int
    failed_y: int
    failed_height: int


@dataclass(frozen=True)
class Chart:
    """What the template draws. ``highest``: the count of the largest day."""

    bars: list[Bar]
    highest: int
    signed_in: int
    failed: int

    @property
    def is_empty(self) -> bool:
        return not self.signed_in and not self.failed


def chart(events: QuerySet[Event]) -> Chart:
    """Return the chart of the last 30 days. One query."""
    days = per_day(events)
    highest = max(day.signed_in + day.failed for day in days)
    return Chart(
        bars=[_bar(number, day, highest or 1) for number, day in enumerate(days)],
        highest=highest,
        signed_in=sum(day.signed_in for day in days),
        failed=sum(day.failed for day in days),
    )


def _bar(number: int, day: Day, highest: int) -> Bar:
    signed_in = _height(day.signed_in, highest)
    failed = _height(day.failed, highest)
    return Bar(
        day=day,
        x=number * STEP + (STEP - BAR) // 2,
        signed_in_y=HEIGHT - signed_in,
        signed_in_height=signed_in,
        failed_y=max(0, HEIGHT - signed_in - failed),
        failed_height=failed,
    )


def _height(count: int, highest: int) -> int:
    """Return a bar's height; a day with any events is always visible."""
    return max(2, count * HEIGHT // highest) if count else 0
