"""docs/security.md agrees with the tests: its tables are up to date, and its names exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from project.security import PAGE, ROOT, protections_as_markdown
from tests.attacks import removal
from tests.attacks.protections import PROTECTIONS, Protection


@cache
def names_in(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.slow
def test_the_tables_are_those_of_the_tests() -> None:
    """In a separate process, because pytest collects only once in each."""
    done = subprocess.run(
        [sys.executable, "-m", "project.security", "--check"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"python -m project.security\n{done.stdout}{done.stderr}"


def test_the_table_of_protections_is_that_of_the_list() -> None:
    assert protections_as_markdown() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("protection", PROTECTIONS, ids=str)
def test_each_protection_is_found_in_one_place(protection: Protection) -> None:
    """Its key finds one place, and what is left without it is a module that Python takes."""
    whole = removal.module_of(protection.file)
    try:
        without = removal.without(protection.file, protection.edits)
    except removal.NotFound as error:
        pytest.fail(str(error), pytrace=False)
    assert without != ast.unparse(whole), "the edit changes nothing"
    compile(without, protection.file, "exec")
    file, _, name = protection.test.partition("::")
    assert name in names_in(ROOT / file)


def test_no_protection_is_listed_twice() -> None:
    removals = [each.edits for each in PROTECTIONS]
    assert len(set(removals)) == len(removals)


def test_every_test_that_the_page_names_exists() -> None:
    """Names without a file belong to the last file named, or to the one that a table names."""
    missing = []
    file = ""
    for name in re.findall(r"`((?:[\w/]+\.py|…)?(?:::)?test_\w+)`", PAGE.read_text("utf-8")):
        path, _, function = name.rpartition("::")
        if path and path != "…":
            file = path
        known = names_in(ROOT / "tests" / file) | names_in(ROOT / "tests/login/test_backend.py")
        if function not in known:
            missing.append(f"{file}::{function}")
    assert not missing
