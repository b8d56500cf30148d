from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from azuread_connections.health import ALL_CHECKS, failing_checks, probe
from tests.faults.test_cache import BROKEN
from tests.health.conftest import Database


def test_nothing_fails_on_a_working_site(database: Database) -> None:
    assert failing_checks(ALL_CHECKS) == ()


def test_a_run_leaves_no_connection_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django closes those of requests. Nothing else knows that of the run's thread."""
    opened: list[Any] = []

    def check() -> None:
        probe.check_database()
        opened.append(connections["health"])

    monkeypatch.setitem(ALL_CHECKS, "database", check)
    assert failing_checks() == ()
    assert [connection.connection for connection in opened] == [None]


def test_a_database_that_cannot_be_opened(database: Database) -> None:
    database.unplug()
    assert failing_checks() == ("database", "migrations")


def test_a_migration_that_is_not_applied_yet(database: Database) -> None:
    database.file.unlink()
    newest = max(key for key in probe._on_disk() if key[0] == "azuread_connections")
    database.record_migrations(without=newest)
    assert failing_checks() == ("migrations",)
    database.record_migrations()
    assert failing_checks() == ()


def test_a_newer_release_has_migrated_already(database: Database) -> None:
    """A worker of the previous release stays in the balancer during a rolling deploy."""
    recorder = probe.MigrationRecorder(connections["health"])
    recorder.record_applied("azuread_connections", "9999_of_the_next_release")
    assert failing_checks() == ()


def test_statements_are_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at most for the first, and one for each further run."""
    statements: list[str] = []

    class Counting(probe.MigrationRecorder):
        def applied_migrations(self) -> Any:
            statements.append("migrations")
            return super().applied_migrations()

    monkeypatch.setattr(probe, "MigrationRecorder", Counting)
    for _ in range(3):
        assert failing_checks() == ()
    assert statements == ["migrations"]


@pytest.mark.parametrize("keys", [[], ["not a key"]])
def test_encryption_keys_that_cannot_be_used(
    database: Database, settings: Any, keys: list[str]
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    assert failing_checks() == ("encryption_keys",)


def test_a_broken_cache_matters_only_where_it_holds_the_sessions(
    database: Database, settings: Any
) -> None:
    settings.CACHES = {"default": BROKEN}
    assert failing_checks() == ()
    assert failing_checks(ALL_CHECKS) == ("cache",)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    assert failing_checks() == ("cache",)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The database does not answer. The list has an entry for each attempt to reach it."""
    attempts: list[int] = []
    answers = threading.Event()

    def hang() -> None:
        attempts.append(1)
        answers.wait(30)

    monkeypatch.setitem(ALL_CHECKS, "database", hang)
    yield attempts
    answers.set()
    # Or their next check would read the database of another test.
    for run in probe._runs._running.values():
        run.thread.join()


def test_a_database_that_hangs_ends_in_time_and_is_asked_once(
    database: Database, hanging: list[int]
) -> None:
    began = time.monotonic()
    for _ in range(3):
        assert failing_checks(timeout=0.01) == ("database", "migrations")
    assert time.monotonic() - began < 10
    assert len(hanging) == 1


def test_the_reason_is_logged_once_a_minute(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.unplug()
    with caplog.at_level(logging.ERROR, "azuread_connections"):
        failing_checks()
        failing_checks()
    [record] = caplog.records
    assert "database: OperationalError" in record.getMessage()
    assert record.azuread["event"] == "not_ready"  # type: ignore[attr-defined]


def test_migrations_of_sub_apps_count_where_they_are_installed() -> None:
    labels = {label for label, _ in probe._on_disk()}
    assert "azuread_connections" in labels
    assert labels <= {"azuread_connections", "azuread_provider", "azuread_scim"}


def test_a_result_answers_further_probes_for_a_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can probe, and each run opens a connection to the database."""
    runs = []
    monkeypatch.setattr(probe, "KEPT_FOR", 60.0)
    monkeypatch.setitem(probe.ALL_CHECKS, "database", lambda: runs.append("run"))
    for _ in range(20):
        assert failing_checks(["database"]) == ()
    assert runs == ["run"]
    monkeypatch.setattr(probe, "KEPT_FOR", 0.0)
    failing_checks(["database"])
    assert runs == ["run", "run"]
