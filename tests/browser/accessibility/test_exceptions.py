from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import ENDED, USED
from .exceptions import KNOWN
from .inspector import Kind
from .table import TOURS

pytestmark = pytest.mark.browser

#: They run with other settings.
ELSEWHERE = {"client-admin", "provisioning"}


def test_the_documentation_lists_every_exception() -> None:
    page = (Path(__file__).parents[3] / "docs/settings.md").read_text(encoding="utf-8")
    assert [known.rule for known in KNOWN if f"| `{known.rule}` |" not in page] == []


def test_every_exception_is_needed() -> None:
    tours = {name for name, (kind, _) in TOURS.items() if kind is Kind.ADMIN} - ELSEWHERE
    if missing := tours - ENDED:
        pytest.skip(f"Only a run with all tours of the admin can tell; without {sorted(missing)}.")
    assert {f"{known.rule} {known.selector}" for known in KNOWN} == USED
