"""How many rows the log gives to failures in one minute.

Anybody can begin a sign-in and send the browser's answer themselves, so without a limit the table
could be filled, and with one limit for all a flood would leave real failures without a row. So a
failure that Microsoft's token endpoint has proven is never counted together with one that anybody
can cause: each kind has its own limit for a connection, and its own over all connections.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from ...conf import CACHE_PREFIX, conf
from ...models import Connection

#: Rows over all connections in one minute: of failures that anybody can cause, and of proven ones.
UNPROVEN_PER_MINUTE = 90
PROVEN_PER_MINUTE = 600
#: A minute's counters outlive it: clocks of several servers differ.
_COUNTER_LIFETIME = 120


class Place(enum.Enum):
    """Where a failure is stored: in a row of its own, or counted in one that others share."""

    ROW = "row"
    CONNECTION_COUNTER = "connection counter"
    OVERALL_COUNTER = "overall counter"


@dataclass(frozen=True)
class Limits:
    """This minute's limits for failures of one kind. ``per_connection``: rows of each."""

    now: datetime
    is_proven: bool
    per_connection: int

    def place_of(self, connection: Connection | None, code: str) -> Place:
        """Count a failure, and say where it goes.

        While the cache cannot be reached nothing can be counted: then what is proven keeps its row,
        and the rest shares one for each connection.
        """
        if connection is None:
            return Place.OVERALL_COUNTER
        # A secret that is refused shows with every made-up code: that must not use up the rows of
        # people who are refused.
        key = f"{connection.pk}:{code}" if self.is_proven else f"{connection.pk}"
        of_connection = self._count(key)
        if of_connection == 0:
            return Place.ROW if self.is_proven else Place.CONNECTION_COUNTER
        if of_connection > self.per_connection:
            return Place.CONNECTION_COUNTER
        return Place.ROW if self.has_room() else Place.OVERALL_COUNTER

    def has_room(self) -> bool:
        """Count a new row of any connection; return whether it is within the limit of all."""
        total = self._count("all")
        return total <= (PROVEN_PER_MINUTE if self.is_proven else UNPROVEN_PER_MINUTE)

    def _count(self, key: str) -> int:
        """Return how many there are in this minute, with this one; 0 without a cache."""
        kind = "proven" if self.is_proven else "unproven"
        key = f"{CACHE_PREFIX}:failures:{kind}:{key}:{self.now:%Y%m%d%H%M}"
        conf.cache.add(key, 0, _COUNTER_LIFETIME)
        try:
            return conf.cache.incr(key)
        except ValueError:  # evicted between the two calls
            return 1
