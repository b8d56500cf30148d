"""The closed list of failures, where it is said to other people's programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from azuread_connections.login.log.failures import FAILURES, Failure

PAGE = Path(__file__).resolve().parents[2] / "docs/how-it-works.md"


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_each_failure_is_in_the_table(failure: Failure) -> None:
    row = f"| `{failure.code}` | {failure.status} | {failure.title} |"
    assert row in PAGE.read_text(), "docs/how-it-works.md: the table has no such row"


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_each_failure_says_what_happened_and_what_to_do(failure: Failure) -> None:
    assert failure.title
    assert str(failure.advice).endswith(".")
    assert failure.meaning
    assert failure.status in {400, 403, 502, 503}
