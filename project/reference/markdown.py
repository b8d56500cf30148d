"""Parts of a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

_NOTICE = (
    "<!-- Written by `python -m project.reference` from {source}. Change it there, not here. -->"
)


def page(title: str, source: str, *parts: str) -> str:
    """Return a whole page, with a comment that says where its text is."""
    return "\n\n".join([f"# {title}", _NOTICE.format(source=source), *parts]).rstrip() + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return a text that is safe in a table: one line, and no column of its own."""
    return " ".join(text.split()).replace("|", "\\|")


def code(value: object) -> str:
    return f"`{value}`"
