"""Code as a page of docs/ has it, to be run by a test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def code(name: str, marker: str) -> str:
    """Return the Python code that follows the comment ``<!-- marker -->`` on a page."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```python\n(.*?)```", page(name), re.DOTALL)
    assert found, f"docs/{name} has no code marked “{marker}”"
    return found[1]


def run(name: str, marker: str) -> dict[str, Any]:
    """Run that code as a module of its own, and return its names."""
    names: dict[str, Any] = {"__name__": marker.partition(": ")[2]}
    exec(compile(code(name, marker), f"docs/{name}", "exec"), names)
    return names


def first_cells(name: str, heading: str) -> str:
    """Return the first column of the tables below a heading, as one text."""
    section = page(name).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(row.split("|")[1] for row in section.splitlines() if row.startswith("| "))
