"""Limits how many rows failures get in the log in one minute.

Anybody can begin a sign-in and send a made-up callback. Without a limit they could fill the table;
with a single limit, such a flood would leave real failures without a row. So failures that
Microsoft's token endpoint has proven are counted apart from those that anybody can cause: each kind
has its own limit for a connection, and its own over all connections.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from ...conf import CACHE_PREFIX, conf
from ...models import Connection

#: Failures of one connection in one minute that get their own row; further ones are counted.
FAILURES_PER_MINUTE = 30
#: Rows in one minute over all connections: of failures that anybody can cause, and of proven ones.
UNPROVEN_PER_MINUTE = 90
PROVEN_PER_MINUTE = 600
#: Seconds. Longer than a minute, because the clocks of several servers differ.
_COUNTER_LIFETIME = 120


class Place(enum.Enum):
    """Where a failure is stored: in its own row, or counted in a shared one."""

    ROW = "row"
    CONNECTION_COUNTER = "connection counter"
    OVERALL_COUNTER = "overall counter"


@dataclass(frozen=True)
class Limits:
    """This minute's limits for failures of one kind."""

    now: datetime
    is_proven: bool

    def place_of(self, connection: Connection | None, code: str) -> Place:
        """Count a failure, and return where to store it.

        While the cache is unreachable nothing can be counted: then a proven failure gets its own
        row, and the others share one row per connection.
        """
        if connection is None:
            return Place.OVERALL_COUNTER
        # By code: while a secret is refused, every made-up code causes a proven failure, which must
        # not use up the rows of people who are refused.
        key = f"{connection.pk}:{code}" if self.is_proven else f"{connection.pk}"
        of_connection = self._count(key)
        if of_connection == 0:
            return Place.ROW if self.is_proven else Place.CONNECTION_COUNTER
        if of_connection > FAILURES_PER_MINUTE:
            return Place.CONNECTION_COUNTER
        return Place.ROW if self.has_room() else Place.OVERALL_COUNTER

    def has_room(self) -> bool:
        """Count a new row; return whether it is within the limit over all connections."""
        total = self._count("all")
        return total <= (PROVEN_PER_MINUTE if self.is_proven else UNPROVEN_PER_MINUTE)

    def _count(self, key: str) -> int:
        """Return the count of this minute, this one included; 0 without a cache."""
        kind = "proven" if self.is_proven else "unproven"
        key = f"{CACHE_PREFIX}:failures:{kind}:{key}:{self.now:%Y%m%d%H%M}"
        conf.cache.add(key, 0, _COUNTER_LIFETIME)
        try:
            return conf.cache.incr(key)
        except ValueError:  # evicted between the two calls
            return 1
