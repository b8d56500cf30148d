"""Every real input is used by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.field_cases import FOLDER, case

TESTS = Path(__file__).parent
NUMBERS = sorted(path.name.partition("-")[0] for path in FOLDER.iterdir() if path.is_file())
SOURCES = "".join(path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("test_*.py")))


@pytest.mark.parametrize("number", NUMBERS)
def test_every_case_is_read_by_a_test(number: str) -> None:
    assert case(number)
    assert f'"{number}"' in SOURCES
