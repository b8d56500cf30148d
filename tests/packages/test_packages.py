from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        ("with_sentry.py", "tests.settings"),
        ("with_axes.py", "tests.packages.settings_with_axes"),
    ],
)
def test_beside_another_package(module: str, settings: str) -> None:
    """Its tests pass. It uses SQLite, so that the suite's own test database is not touched."""
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--ds", settings, str(HERE / module)),
        ],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
