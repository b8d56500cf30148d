"""Sites whose database router sends reads to a replica that knows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

#: A database without a table, so that every read of it fails.
REPLICA = "replica"


class ReplicaRouter:
    """Reads everything from the replica, and writes to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return REPLICA

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def read_from_replica(settings: Any) -> None:
    """The least that a site needs: sessions elsewhere than in the database."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.DATABASE_ROUTERS = [ReplicaRouter()]


def read_from_replica_behind_ours(settings: Any) -> None:
    """As docs/scaling.md advises."""
    settings.DATABASE_ROUTERS = ["azuread_connections.routers.PrimaryRouter", ReplicaRouter()]


@contextmanager
def configured() -> Iterator[None]:
    """Configure the replica. Not in the settings: all other tests have one database."""
    named = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections.settings[REPLICA] = {**connections.settings["default"], **named}
    try:
        yield
    finally:
        connections[REPLICA].close()
        del connections[REPLICA], connections.settings[REPLICA]


SITES = [read_from_replica, read_from_replica_behind_ours]
