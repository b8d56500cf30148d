"""Write the tables of docs/security.md from the tests: `python -m project.security`.

With `--check` it writes nothing, and exits with 1 if the page is out of date. The tables of attacks
on the optional sub-apps need further packages, and are written apart: `--provider` and `--scim`.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.protections import PROTECTIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "security.md"
#: Each table of attacks, and what pytest collects for it.
_CORE = ("attacks", ("tests/attacks",))
_PROVIDER = ("provider attacks", ("--ds=tests.provider.settings", "tests/provider/attacks"))
_SCIM = ("scim attacks", ("--ds=tests.scim.settings", "tests/scim/attacks"))
_SUB_APPS = {"--provider": _PROVIDER, "--scim": _SCIM}
_NOT_RUN = ("skip", "skipif", "xfail")


@dataclass(frozen=True)
class Case:
    """One attack as pytest collects it."""

    module: str
    who: str
    wants: str
    stopped_by: str

    @classmethod
    def of(cls, item: pytest.Item) -> Case:
        said: dict[str, Any] = {}
        for mark in item.iter_markers("attack"):  # the closest first
            said = {**mark.kwargs, **said}
        missing = {"who", "wants", "stopped_by"} - set(said)
        not_run = [name for name in _NOT_RUN if item.get_closest_marker(name)]
        if missing or not_run:
            reason = f"lacks {missing}, or is not run because of {not_run}"
            raise pytest.UsageError(f"{item.nodeid}: {reason}")
        module = item.path.relative_to(ROOT / "tests").as_posix()
        return cls(module, str(said["who"]), said["wants"], said["stopped_by"])


class _Collector:
    """A pytest plugin that keeps the collected cases."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.cases = [Case.of(item) for item in session.items]


def collect(*arguments: str) -> list[Case]:
    """Return every case that pytest collects. Call it once in a process, and not in a test."""
    collector = _Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        options = ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        status = pytest.main([*options, *arguments], plugins=[collector])
    if status != pytest.ExitCode.OK:
        raise SystemExit(said.getvalue())
    return collector.cases


def attacks_as_markdown(cases: list[Case]) -> str:
    """Return a table for each attacker, in the order of the tests, and the total."""
    parts = []
    for who in dict.fromkeys(case.who for case in cases):
        theirs = [case for case in cases if case.who == who]
        modules = ", ".join(f"`{module}`" for module in dict.fromkeys(c.module for c in theirs))
        counted = Counter((case.wants, case.stopped_by) for case in theirs)
        rows = [(wants, stop, str(number)) for (wants, stop), number in counted.items()]
        parts += [
            f"### {who}: {len(theirs)} cases\n\nIn {modules}.\n",
            _table(("Wants", "Stopped by", "Cases"), rows),
        ]
    return "\n".join([*parts, f"In all: {len(cases)} cases.\n"])


def protections_as_markdown() -> str:
    rows = [
        (
            "<br>".join(f"`{place}`" for place in dict.fromkeys(place for place, _ in each.edits)),
            "<br>".join(str(edit) for _place, edit in each.edits),
            f"`{each.test.removeprefix('tests/')}`",
        )
        for each in PROTECTIONS
    ]
    table = _table(("Function", "What was removed or weakened", "Test that fails"), rows)
    return f"{table}\nIn all: {len(rows)} removals.\n"


def with_tables(page: str, tables: dict[str, str]) -> str:
    """Return the page with these generated tables replaced."""
    for name, text in tables.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{text}\n{end}{after}"
    return page


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def main(*arguments: str) -> int:
    written = PAGE.read_text(encoding="utf-8")
    name, collected = next((_SUB_APPS[each] for each in arguments if each in _SUB_APPS), _CORE)
    tables = {
        name: attacks_as_markdown(collect(*collected)),
        "protections": protections_as_markdown(),
    }
    page = with_tables(written, tables)
    if "--check" in arguments:
        return int(page != written)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
