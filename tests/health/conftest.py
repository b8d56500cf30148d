from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from azuread_connections.health import probe


class Database:
    """A database of its own in a file, which needs no rows but those about migrations."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def record_migrations(self, *, without: tuple[str, str] | None = None) -> None:
        connection = connections["health"]
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for migration in sorted(probe._on_disk() - {without}):
            recorder.record_applied(*migration)
        connection.close()

    def unplug(self) -> None:
        """Every attempt to open it fails."""
        connections.settings["health"]["NAME"] = str(self.file.parent / "gone" / "db")
        connections["health"].close()
        connections["health"].settings_dict["NAME"] = connections.settings["health"]["NAME"]


@pytest.fixture
def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> Iterator[Database]:
    """Migrated completely. The site's models are in it, as far as the probe can see."""
    found = Database(tmp_path / "db")
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(found.file), "OPTIONS": {}}
    monkeypatch.setitem(connections.settings, "health", connections.settings["default"] | options)
    monkeypatch.setattr(probe, "_alias", lambda: "health")
    with django_db_blocker.unblock():
        found.record_migrations()
        yield found
        connections["health"].close()
    del connections["health"]


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe._migrations, "are_applied", False)
    monkeypatch.setattr(probe._logged, "names", ())
    monkeypatch.setattr(probe, "_runs", probe._Runs())
    monkeypatch.setattr(probe, "KEPT_FOR", 0.0)
