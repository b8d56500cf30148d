"""Draw a sequence diagram of a page as SVG.

Browsers of repositories draw Mermaid's text themselves. On the site Mermaid would be a script of
some megabytes from another host. This draws the part of its language that the pages use: messages,
notes, and optional parts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_FENCE = re.compile(r"^```mermaid\n(sequenceDiagram\n.*?)^```$", re.DOTALL | re.MULTILINE)
_PARTICIPANT = re.compile(r"participant (\w+) as (.+)")
_MESSAGE = re.compile(r"(\w+)(--?)>>(\w+): (.+)")
_NOTE = re.compile(r"Note over (\w+)(?:,(\w+))?: (.+)")

_WIDTH, _COLUMN, _LEFT, _ROW, _LINE = 720, 240, 120, 40, 16
#: The line of a text ends this far above the arrow below it.
_RAISE = 7


class UnknownLine(ValueError):
    """A line of the diagram that is not drawn."""


def with_diagrams(page: str) -> str:
    """Return the page with its sequence diagrams as SVG. Raises ``UnknownLine``."""
    return _FENCE.sub(lambda match: as_svg(match[1]), page)


def as_svg(diagram: str) -> str:
    """Return a block of HTML. Its colours are those of the page."""
    drawing = _Drawing()
    for line in diagram.splitlines()[1:]:
        if line.strip():
            drawing.add(line.strip())
    return drawing.as_html()


class _Drawing:
    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._names: list[str] = []
        self._shapes: list[str] = []
        self._open: list[tuple[int, str]] = []
        self._y = 60

    def add(self, line: str) -> None:
        if found := _PARTICIPANT.fullmatch(line):
            self._columns[found[1]] = _LEFT + _COLUMN * len(self._columns)
            self._names.append(found[2])
        elif found := _MESSAGE.fullmatch(line):
            self._message(self._columns[found[1]], self._columns[found[3]], found[2], found[4])
        elif found := _NOTE.fullmatch(line):
            first = self._columns[found[1]]
            self._note(first, self._columns[found[2]] if found[2] else first, found[3])
        elif line.startswith("opt "):
            self._open.append((self._y, line.removeprefix("opt ")))
            self._y += 24
        elif line == "end":
            self._optional(*self._open.pop())
        else:
            raise UnknownLine(line)

    def _message(self, begin: int, end: int, dash: str, words: str) -> None:
        self._y += _ROW
        middle = (begin + end) // 2
        dashes = ' stroke-dasharray="5 4"' if dash == "--" else ""
        self._shapes += [
            _text(middle, self._y - _RAISE, words),
            f'<line x1="{begin}" y1="{self._y}" x2="{end}" y2="{self._y}"{dashes} '
            'marker-end="url(#arrow)"/>',
        ]

    def _note(self, first: int, last: int, words: str) -> None:
        lines = re.split(r"<br/?>", words)
        top, height = self._y + 14, _LINE * len(lines) + 14
        middle = (first + last) // 2
        half = max(max(map(len, lines)) * 3.7 + 12, (last - first) / 2 + 20)
        # Not over the edge.
        left = min(max(middle - half, 2), _WIDTH - 2 - 2 * half)
        self._shapes.append(
            f'<rect class="note" x="{left:.0f}" y="{top}" width="{2 * half:.0f}" '
            f'height="{height}" rx="3"/>'
        )
        self._shapes += [
            _text(round(left + half), top + 19 + _LINE * number, line)
            for number, line in enumerate(lines)
        ]
        self._y = top + height

    def _optional(self, top: int, words: str) -> None:
        self._y += 16
        self._shapes += [
            f'<rect x="{_LEFT + 40}" y="{top + 8}" width="{_WIDTH - _LEFT - 42}" '
            f'height="{self._y - top - 8}" rx="3" stroke-dasharray="2 3"/>',
            _text(_LEFT + 48, top + 25, f"if needed: {words}", anchor="start"),
        ]

    def as_html(self) -> str:
        height = self._y + 20
        parts = [
            '<div class="diagram">',
            f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
            f'aria-label="Sequence of messages between {html.escape(", ".join(self._names))}">',
            '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0 10 5 0 10z"/></marker></defs>',
            *self._heads(height),
            *self._shapes,
            "</svg>",
            "</div>",
        ]
        return "\n".join(parts)

    def _heads(self, height: int) -> Iterator[str]:
        for x, name in zip(self._columns.values(), self._names, strict=True):
            yield f'<line class="life" x1="{x}" y1="40" x2="{x}" y2="{height - 8}"/>'
            yield f'<rect x="{x - 55}" y="8" width="110" height="32" rx="4"/>'
            yield _text(x, 29, name)


def _text(x: int, y: int, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(words)}</text>'
