"""From the Markdown of repository browsers (CommonMark) to that of the site's builder.

Python-Markdown wants the content of a list item four columns in, and a blank line before a list;
CommonMark wants it below the item's first word, and no blank line. The pages are written for both
readers, so they are converted on the way to the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ITEM = re.compile(r"( *)([-*+]|\d+[.)])( +)(?=\S)")
_FENCE = re.compile(r" *(```+|~~~+)")
_COMMENT = re.compile(r"^ *<!--.*?--> *\n|<!--.*?-->", re.DOTALL | re.MULTILINE)
_INDENT = 4


def for_builder(page: str) -> str:
    """Return the page with its lists indented for Python-Markdown, and without comments."""
    return "\n".join(_indented(_without_comments(page).split("\n")))


def outside_fences(page: str) -> Iterator[tuple[bool, str]]:
    """Split a page into texts; each comes with whether it is outside of code fences."""
    kept: list[str] = []
    fence = ""
    for line in page.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not fence:
            yield True, "".join(kept)
            kept, fence = [line], mark[1]
        elif mark and fence and line.strip().startswith(fence):
            yield False, "".join([*kept, line])
            kept, fence = [], ""
        else:
            kept.append(line)
    yield not fence, "".join(kept)


def _without_comments(page: str) -> str:
    return "".join(
        _COMMENT.sub("", text) if is_text else text for is_text, text in outside_fences(page)
    )


def _indented(lines: Iterable[str]) -> Iterator[str]:
    # The columns at which the contents of the open list items begin, outermost first.
    items: list[int] = []
    fence = before = ""
    # Whether the open item has more than one paragraph: then a blank line has to follow it.
    is_long = False
    for line in lines:
        if not line.strip():
            yield ""
            before = ""
            is_long = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = _ITEM.match(line)
        mark = _FENCE.match(line)
        if fence:
            inner = line[min(indent, items[-1] if items else 0) :]
            if mark and line.strip().startswith(fence):
                fence = ""
            yield " " * (_INDENT * len(items)) + inner
            before = line
            continue
        was_in_list = bool(items)
        if indent >= _INDENT and not was_in_list:
            yield line  # code by its indentation, or options of mkdocstrings
            before = line
            continue
        while items and indent < items[-1]:
            items.pop()
        if item:
            if before and (is_long or not was_in_list):
                yield ""
            is_long = False
            depth = len(items)
            items.append(item.end())
            yield f"{' ' * (_INDENT * depth)}{item[2]} {line[item.end() :]}"
        else:
            if mark:
                fence = mark[1]
            if before and was_in_list and not items:
                # Otherwise Python-Markdown takes the paragraph for a part of the list.
                yield ""
            yield " " * (_INDENT * len(items)) + line[items[-1] if items else 0 :]
        before = line
