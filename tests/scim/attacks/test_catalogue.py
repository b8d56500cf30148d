"""The table of these attacks in docs/security.md is up to date."""

from __future__ import annotations

import subprocess
import sys

import pytest

from project.security import ROOT
from tests.attacks.catalogue import Attacker, attack


@pytest.mark.slow
@attack(
    who=Attacker.ADMINISTRATOR,
    wants="an attack that nobody counts",
    stopped_by="the table is generated",
)
def test_the_table_is_that_of_the_tests() -> None:
    """In a separate process, because pytest collects only once in each."""
    done = subprocess.run(
        [sys.executable, "-m", "project.security", "--scim", "--check"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"python -m project.security --scim\n{done.stderr}"
