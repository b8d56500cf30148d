"""Tests that need other settings than the suite's run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def run_tests(path: str, settings: str, *options: str) -> None:
    """Run the tests at a path below ``tests/`` with these settings, and fail if one does.

    They use SQLite, so that the suite's own test database is not touched. Where the suite runs on
    another database, too, they are skipped: they would be the same again.
    """
    if connection.vendor != "sqlite":
        pytest.skip("runs on SQLite, with the suite's run there")
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--ds", settings, *options, str(ROOT / "tests" / path)),
        ],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
