"""The parts of OData's `$filter` and of Graph's `$search` that people use."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from .errors import GraphRefusal, bad_request

Test = Callable[[dict[str, Any]], bool]

TEXT = r"'((?:[^']|'')*)'"
FUNCTION = re.compile(rf"(startswith|endswith)\(\s*(\w+)\s*,\s*{TEXT}\s*\)", re.IGNORECASE)
COMPARISON = re.compile(rf"(\w+)\s+(eq|ne)\s+(?:{TEXT}|(true|false|null))", re.IGNORECASE)
MEMBERSHIP = re.compile(rf"(\w+)\s+in\s+\(\s*({TEXT}(?:\s*,\s*{TEXT})*)\s*\)", re.IGNORECASE)
JOINT = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
LITERALS = {"true": True, "false": False, "null": None}

# These need the advanced query engine: the header and $count=true.
ADVANCED = re.compile(r"\bendswith\(|\sne\s", re.IGNORECASE)

CLAUSE = re.compile(r'"(\w+):((?:[^"\\]|\\.)*)"')
SEARCH_JOINT = re.compile(r"\s+(AND|OR)\s+")
WORDS = re.compile(r"\w+")


def parse_filter(text: str, properties: Collection[str]) -> Test:
    """A test of an object's properties. `and` binds tighter than `or`; no parentheses."""
    return _joined(text.strip(), lambda rest: _condition(rest, properties), JOINT, _bad_filter)


def parse_search(text: str, properties: Collection[str]) -> Test:
    """`"displayName:x" OR "mail:x"`; each clause is quoted."""
    plain = text.strip().replace("(", "").replace(")", "")
    return _joined(plain, lambda rest: _clause(rest, properties), SEARCH_JOINT, _bad_search)


def is_advanced(text: str) -> bool:
    return ADVANCED.search(text) is not None


def _joined(
    text: str,
    read: Callable[[str], tuple[Test, int]],
    joint: re.Pattern[str],
    bad: Callable[[], GraphRefusal],
) -> Test:
    """Conditions with `and` and `or` between them."""
    alternatives: list[list[Test]] = [[]]
    while True:
        test, length = read(text)
        alternatives[-1].append(test)
        text = text[length:]
        if not text.strip():
            return lambda item: any(all(test(item) for test in tests) for tests in alternatives)
        link = joint.match(text)
        if link is None:
            raise bad()
        if link[1].lower() == "or":
            alternatives.append([])
        text = text[link.end() :]


def _condition(text: str, properties: Collection[str]) -> tuple[Test, int]:
    if match := FUNCTION.match(text):
        name, wanted = _known(match[2], properties), _value(match[3]).lower()
        if match[1].lower() == "startswith":
            return lambda item: str(item[name] or "").lower().startswith(wanted), match.end()
        return lambda item: str(item[name] or "").lower().endswith(wanted), match.end()
    if match := MEMBERSHIP.match(text):
        name = _known(match[1], properties)
        listed = {_value(value).lower() for value in re.findall(TEXT, match[2])}
        return lambda item: _folded(item[name]) in listed, match.end()
    if match := COMPARISON.match(text):
        name, equal = _known(match[1], properties), match[2].lower() == "eq"
        value = LITERALS[match[4].lower()] if match[4] else _value(match[3]).lower()
        return lambda item: (_folded(item[name]) == value) is equal, match.end()
    raise _bad_filter()


def _clause(text: str, properties: Collection[str]) -> tuple[Test, int]:
    match = CLAUSE.match(text)
    if match is None:
        raise _bad_search()
    name = _known(match[1], properties)
    wanted = re.sub(r"\\(.)", r"\1", match[2]).lower()
    if name != "displayName":
        return lambda item: str(item[name] or "").lower().startswith(wanted), match.end()
    return lambda item: _has_words(str(item[name] or "").lower(), wanted), match.end()


def _has_words(name: str, wanted: str) -> bool:
    """displayName is searched by words: each searched word is the beginning of a word in it."""
    words = WORDS.findall(name)
    sought = WORDS.findall(wanted)
    return bool(sought) and all(any(word.startswith(part) for word in words) for part in sought)


def _known(name: str, properties: Collection[str]) -> str:
    if name not in properties:
        raise bad_request(f"Invalid filter clause: Could not find a property named '{name}'.")
    return name


def _value(quoted: str) -> str:
    return quoted.replace("''", "'")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _bad_filter() -> GraphRefusal:
    return bad_request("Invalid filter clause", "BadRequest")


def _bad_search() -> GraphRefusal:
    return bad_request(
        'Syntax error: a $search clause must be of the form "property:value" in double quotes.',
        "BadRequest",
    )
