"""Write the tables of docs/troubleshooting.md from the catalogue of Microsoft's error numbers.

`python -m project.troubleshooting`. The text around the tables is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from azuread_connections.entra.aadsts import CATALOGUE, WITHOUT_NUMBER, Explanation, Owner

PAGE = Path(__file__).resolve().parent.parent / "docs" / "troubleshooting.md"

_HEADINGS = {
    Owner.EMPLOYEE: "The person who signs in can fix it",
    Owner.DIRECTORY: "The directory's administrator can fix it",
    Owner.SITE: "This site's administrator can fix it",
    Owner.MICROSOFT: "A problem at Microsoft: wait",
}


def with_tables(page: str) -> str:
    """Return the page with its generated tables replaced."""
    for name, text in (("numbers", numbers_as_markdown()), ("without a number", _rows_without())):
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
        before, found, rest = page.partition(begin)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise SystemExit(f"docs/troubleshooting.md lacks the mark {begin or end}")
        page = f"{before}{begin}\n{text}\n{end}{after}"
    return page


def numbers_as_markdown() -> str:
    """Return a table for each owner, sorted by number."""
    parts = []
    for owner in Owner:
        rows = [
            (f"[{code}]({known.link})", known)
            for code, known in sorted(CATALOGUE.items())
            if known.owner is owner
        ]
        parts += [f"## {_HEADINGS[owner]}\n", _table("AADSTS", rows)]
    return "\n".join(parts)


def _rows_without() -> str:
    return _table("You see", [(str(words), known) for words, known in WITHOUT_NUMBER])


def _table(heading: str, rows: Iterable[tuple[str, Explanation]]) -> str:
    lines = [f"| {heading} | It means | What to do |", "| --- | --- | --- |"]
    lines += [f"| {name} | {row.meaning} | {row.remedy} |" for name, row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    # The texts can be translated; the page is in English.
    settings.configure(USE_I18N=False)
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
