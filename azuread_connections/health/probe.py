"""What a process needs to sign people in, checked in a thread of its own and in bounded time.

Nothing here asks Microsoft: an outage there must take no worker out of the load balancer.
"""

from __future__ import annotations

import logging
import pkgutil
import threading
import time
from collections.abc import Callable, Collection
from functools import cache
from importlib import import_module
from typing import Final

from django.apps import apps
from django.db import connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from ..conf import conf
from ..log_fields import LogEvent, log_fields
from ..models import Connection, Sealed

logger = logging.getLogger("azuread_connections")

#: Seconds after which a check that has not answered counts as failing.
TIMEOUT: Final = 2.0
#: Seconds for which the same failing checks are not logged again.
LOG_INTERVAL: Final = 60.0
#: Seconds for which the result of a run answers further probes.
KEPT_FOR = 1.0


def check_database() -> None:
    """One statement, ``SELECT 1``, on a new connection, as a request needs one."""
    with connections[_alias()].cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    """Raise if a migration of ours is not applied. Reads the table of migrations until all are:
    from then on a process does not ask again."""
    if _migrations.are_applied:
        return
    applied = MigrationRecorder(connections[_alias()]).applied_migrations()
    missing = _on_disk() - applied.keys()
    if missing:
        raise RuntimeError(f"Not applied: {', '.join(sorted(map('.'.join, missing)))}.")
    _migrations.are_applied = True


def check_cache() -> None:
    """One read. Raises whatever the cache's backend raises."""
    conf.raw_cache.get("azuread_connections:health")


def check_encryption_keys() -> None:
    """Raise ``ImproperlyConfigured`` if no client secret could be stored or read."""
    Sealed.seal("")


ALL_CHECKS: Final[dict[str, Callable[[], None]]] = {
    "encryption_keys": check_encryption_keys,
    "database": check_database,
    "migrations": check_migrations,
    "cache": check_cache,
}


def default_checks() -> tuple[str, ...]:
    """All, but the cache only where sessions are nowhere else: sign-ins go on without it."""
    return tuple(name for name in ALL_CHECKS if name != "cache" or conf.keeps_sessions_in_cache)


def failing_checks(
    names: Collection[str] | None = None, timeout: float = TIMEOUT
) -> tuple[str, ...]:
    """Run checks; return the names of those that fail. Never raises, and ends within ``timeout``.

    ``names``: of ``ALL_CHECKS``; None for ``default_checks``. ``timeout``: seconds. The first check
    that does not answer in time counts as failing, and so do those after it. What fails is logged,
    with the reason, once a minute in each process.
    """
    wanted = tuple(default_checks() if names is None else names)
    failing = _runs.result(wanted, timeout)
    if failing:
        _log(failing)
    return tuple(failing)


class _Run:
    """One run of checks in a thread. ``failing``: why each fails that has not passed yet.
    ``ended_at``: by the monotonic clock, or None."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.failing = dict.fromkeys(names, "no answer in time")
        self.ended_at: float | None = None
        self.thread = threading.Thread(target=self._check, args=(names,), daemon=True)

    def _check(self, names: tuple[str, ...]) -> None:
        try:
            for name in names:
                try:
                    ALL_CHECKS[name]()
                except Exception as error:  # each backend has its own exceptions
                    self.failing[name] = f"{type(error).__name__}: {error}"
                else:
                    del self.failing[name]
        finally:
            # Those of this thread, which nothing else uses.
            connections.close_all()
            self.ended_at = time.monotonic()

    @property
    def is_current(self) -> bool:
        return self.ended_at is None or time.monotonic() - self.ended_at < KEPT_FOR


class _Runs:
    """At most one run at a time of each set of checks, and one a second: while a database hangs,
    each probe waits for the same thread, and many probes open no more connections than one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, ...], _Run] = {}

    def result(self, names: tuple[str, ...], timeout: float) -> dict[str, str]:
        with self._lock:
            run = self._running.get(names)
            if run is None or not run.is_current:
                run = self._running[names] = _Run(names)
                run.thread.start()
        run.thread.join(timeout)
        return dict(run.failing)


class _Migrations:
    """Whether this process has seen all migrations applied."""

    are_applied = False


class _Logged:
    """Which failing checks were logged last, and when."""

    names: tuple[str, ...] = ()
    at = -LOG_INTERVAL


_runs, _migrations, _logged = _Runs(), _Migrations(), _Logged()


def _log(failing: dict[str, str]) -> None:
    names, now = tuple(failing), time.monotonic()
    if names == _logged.names and now - _logged.at < LOG_INTERVAL:
        return
    _logged.names, _logged.at = names, now
    why = "; ".join(f"{name}: {reason}" for name, reason in failing.items())
    logger.error("Not ready: %s", why, extra=log_fields(LogEvent.NOT_READY, detail=why))


def _alias() -> str:
    return router.db_for_write(Connection)


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    """Return the migrations of this app and its installed sub-apps, by their files."""
    found = set()
    for app in apps.get_app_configs():
        name, _is_explicit = MigrationLoader.migrations_module(app.label)
        if app.name.partition(".")[0] != __package__.partition(".")[0] or name is None:
            continue
        try:
            folder = import_module(name).__path__
        except ModuleNotFoundError:  # an app without migrations
            continue
        files = (info.name for info in pkgutil.iter_modules(folder))
        found |= {(app.label, file) for file in files if file[0] not in "_~"}
    return frozenset(found)
