"""The functions of `.ci/run` that decide what is tried and what is said at the end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = "Skipped: this clone has no history of a previous release."


def shell(commands: str, path: Path | None = None) -> str:
    """Run commands after the functions of `.ci/run`; ``path`` is searched for programs first."""
    search = os.pathsep.join([*([str(path)] if path else []), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", f"source .ci/run\n{commands}"],
        cwd=ROOT,
        env=os.environ | {"PATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_long_run_is_reported_and_does_not_fail() -> None:
    assert shell("SECONDS=2760; finish") == (
        "Warning: the run took 46 minutes instead of at most 45.\n0 passed, 0 failed\n"
    )
    assert shell("SECONDS=2700; finish") == "0 passed, 0 failed\n"


@pytest.mark.parametrize(("says", "warned"), [(SKIPPED, True), ("Both releases ran.", False)])
def test_a_rolling_deploy_that_was_skipped_is_said_at_the_end(
    tmp_path: Path, says: str, warned: bool
) -> None:
    program(tmp_path / "python", f"echo '{says}'")
    said = shell(f"PROVIDER_BIN='{tmp_path}'; rolling_deploy >/dev/null; finish")
    assert (f"Warning: Rolling deploy: {SKIPPED}\n" in said) is warned


def test_a_rolling_deploy_that_fails_ends_the_run(tmp_path: Path) -> None:
    program(tmp_path / "python", "exit 3")
    with pytest.raises(AssertionError):
        shell(f"PROVIDER_BIN='{tmp_path}'; rolling_deploy; finish")


def test_the_newest_python_is_taken(tmp_path: Path) -> None:
    for minor in (12, 13):
        program(tmp_path / f"python3.{minor}", "exit 0")
    assert shell("newer_python", tmp_path) == "python3.13\n"


def test_without_promtool_the_run_goes_on_with_a_warning(tmp_path: Path) -> None:
    for name in ("apt-get", "dpkg-deb"):
        program(tmp_path / name, "echo 'no mirror' >&2; exit 100")
    without = 'command() { [ "$2" != promtool ] && builtin command "$@"; }'
    said = shell(f"{without}; VENV='{tmp_path}/venv'; provide_promtool; finish", tmp_path)
    assert "Warning: The alerts were not tried in promtool: no mirror\n" in said


def test_a_distribution_is_built_after_the_check_of_a_release() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "dist"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    check, build = done.stdout.find("RELEASE=1"), done.stdout.find("-m build")
    assert 0 <= check < build
