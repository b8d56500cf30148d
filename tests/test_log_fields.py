from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from azuread_connections.log_fields import FIELDS, LogEvent, Outcome, log_fields
from azuread_connections.models import Event

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "azuread_connections"
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def calls_of_the_logger() -> Iterator[tuple[str, ast.Call]]:
    """Every call that writes a line, except those of the stand-in, which no site runs."""
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        if name.startswith("testing/"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"logger", "log", "logging"}
            ):
                yield f"{name}:{node.lineno}", node


def test_every_line_has_its_fields() -> None:
    calls = dict(calls_of_the_logger())
    assert len(calls) > 15
    bare = [
        where
        for where, call in calls.items()
        for extra in [{each.arg: each.value for each in call.keywords}.get("extra")]
        if not (
            isinstance(extra, ast.Call)
            and isinstance(extra.func, ast.Name)
            and extra.func.id in {"log_fields", "_log_fields", "_fields_of"}
        )
    ]
    assert bare == []


def test_fields_that_say_nothing_are_left_out() -> None:
    assert log_fields(LogEvent.MAIL_FAILED, code="", connection="contoso", aadsts=None) == {
        "azuread": {"event": "mail_failed", "outcome": "failure", "connection": "contoso"}
    }


def test_a_field_that_no_page_explains_is_refused() -> None:
    with pytest.raises(ValueError, match="password"):
        log_fields(LogEvent.MAIL_FAILED, password="secret")


def first_column(page: str, heading: str) -> list[str]:
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` ", section, re.MULTILINE)


def test_the_page_explains_each_field_and_each_event() -> None:
    page = (ROOT / "docs" / "logging.md").read_text(encoding="utf-8")
    assert first_column(page, "Fields") == list(FIELDS)
    assert first_column(page, "Events") == sorted(LogEvent)


def test_an_event_has_one_meaning() -> None:
    assert not set(LogEvent) & set(Event.Kind.values)
    assert set(Outcome) == {"success", "failure"}
