"""Recognises what an export writes in place of a value.

Auth0's deploy CLI writes ``##NAME##`` and ``@@NAME@@`` into any value. Tools that hide secrets
write words, masks and brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_KEYWORD = re.compile(r"##[^#\s]+##|@@[^@\s]+@@")
_MASK = re.compile(r"([^A-Za-z0-9])\1{3}|([A-Za-z])\2{7}")
_WRAPPED = re.compile(r"\s*(\$?\{.*\}|\[.*\]|<.*>|\$\(.*\)|%.*%)\s*")
_WORD = (
    "secret|password|placeholder|redacted|masked|hidden|removed|withheld|omitted|example"
    "|change_?me|replace|insert|your"
)
_WORDS = re.compile(_WORD, re.IGNORECASE)
_WHOLE_WORDS = re.compile(rf"(?<![A-Za-z0-9])({_WORD})(?![A-Za-z0-9])", re.IGNORECASE)
_CLASSES = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]")))
#: Values of an entry are nested no more deeply, as in ``jwt_configuration.alg``.
_MAX_DEPTH = 3


@dataclass
class Removed:
    """Where placeholders were. ``lists``: the paths of lists that others were left in, or none."""

    paths: list[str] = field(default_factory=list)
    lists: set[str] = field(default_factory=set)


def has_keyword(text: str) -> bool:
    """Return whether a text contains a placeholder of Auth0's deploy CLI."""
    return _KEYWORD.search(text) is not None


def is_masked_secret(text: str) -> bool:
    """Return whether a text stands in place of a client secret.

    A secret is random: it can contain any word by chance, but not in one case or between others.
    """
    if has_keyword(text) or _MASK.search(text) or _WRAPPED.fullmatch(text):
        return True
    is_random = all(letters.search(text) for letters in _CLASSES)
    return bool((_WHOLE_WORDS if is_random else _WORDS).search(text))


def remove_placeholders(item: dict[str, Any]) -> Removed:
    """Take the deploy CLI's placeholders out of an entry, and return where they were."""
    removed = Removed()
    _remove(item, "", removed, _MAX_DEPTH)
    return removed


def _remove(item: dict[str, Any], prefix: str, removed: Removed, depth: int) -> None:
    for key, value in list(item.items()):
        path = f"{prefix}{key}"
        if isinstance(value, str) and has_keyword(value):
            removed.paths.append(path)
            del item[key]
        elif isinstance(value, list):
            kept = [each for each in value if not (isinstance(each, str) and has_keyword(each))]
            if len(kept) < len(value):
                removed.paths.append(path)
                removed.lists.add(path)
                item[key] = kept
        elif isinstance(value, dict) and depth > 1:
            _remove(value, f"{path}.", removed, depth - 1)
