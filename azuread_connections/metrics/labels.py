"""The values of labels. All come from closed lists or from the database, never from a request.

A label whose values anybody can choose is an attack: each value is a new time series, until the
process or the monitoring system has no memory left (CVE-2026-16100 of Keycloak).
"""

from __future__ import annotations

import threading
from collections.abc import Collection

#: Connections that get a label of their own in one process. The others share ``OTHER``.
MAX_CONNECTIONS = 200
# Names of connections have no parentheses, so neither can be the name of one.
NONE = "(none)"
OTHER = "(other)"


class ConnectionNames:
    """The connections that have a label, as many as ``limit``. Those seen first get one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def label(self, name: str) -> str:
        """Return the label for a connection's name from the database; "" for no connection."""
        if not name:
            return NONE
        with self._lock:
            if name not in self._known and len(self._known) >= self._limit:
                return OTHER
            self._known.add(name)
        return name


def one_of(values: Collection[str], value: object) -> str:
    """Return the value if the closed list has it, otherwise ``OTHER``."""
    return value if isinstance(value, str) and value in values else OTHER
