"""Reads a JSON document key by key, and collects all mistakes with their paths."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..models.validators import is_plain


class UnreadableDocument(Exception):
    """Not JSON. The message gives the position and quotes nothing, because of secrets."""


@dataclass(frozen=True)
class ImportIssue:
    """A mistake in a file: the place (entry and key, or an argument) and the reason."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class _Object(dict[str, Any]):
    """A JSON object that remembers repeated keys, of which Python keeps only the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: list[str] = []
        if len(self) < len(pairs):
            counts = Counter(key for key, _value in pairs)
            self.repeated = [key for key, count in counts.items() if count > 1]


def load(data: bytes) -> Any:
    """Parse JSON in any of its encodings. Raises ``UnreadableDocument``."""
    try:
        return json.loads(data.decode(json.detect_encoding(data)), object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        raise UnreadableDocument(
            _("This is not JSON: line %(line)d, column %(column)d: %(reason)s.")
            % {"line": error.lineno, "column": error.colno, "reason": error.msg}
        ) from None
    except UnicodeDecodeError:
        raise UnreadableDocument(_("This is not JSON: it is not UTF-8 text.")) from None
    except (ValueError, RecursionError):
        raise UnreadableDocument(
            _("This JSON cannot be read: a number is too long, or it is nested too deeply.")
        ) from None


class ObjectReader:
    """Takes values out of one JSON object by dotted path, such as ``options.client_id``.

    An invalid value is added to ``mistakes`` and treated as absent, so that all mistakes of a file
    are found at once. ``null`` is treated as absent. ``notes``: what the import does not do.
    """

    def __init__(
        self,
        value: Mapping[str, Any],
        place: str,
        nested: Iterable[str] = (),
        *,
        within: ObjectReader | None = None,
    ) -> None:
        self.place = place
        self.mistakes: list[ImportIssue] = within.mistakes if within else []
        self.notes: list[str] = within.notes if within else []
        self._values: dict[str, Any] = {}
        self._nested = frozenset(nested)
        self._flatten("", value)

    def refuse(self, path: str, message: str) -> None:
        self.mistakes.append(ImportIssue(f"{self.place}, {shown(path)}", message))

    def note(self, message: str) -> None:
        self.notes.append(f"{self.place}: {message}")

    def text(self, path: str, *, strip: bool = True) -> str | None:
        value = self._values.pop(path, None)
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(path, _("This must be a string, in quotes."))
            return None
        value = value.strip() if strip else value
        if not is_plain(value):
            self.refuse(path, _("This string contains control characters."))
            return None
        return value

    def lines(self, path: str) -> str | None:
        """Return a text that can have several lines, such as PEM."""
        value = self._values.pop(path, None)
        if value is None or isinstance(value, str):
            return value
        self.refuse(path, _("This must be a string, in quotes."))
        return None

    def take(self, path: str) -> Any:
        """Return a value of any type."""
        return self._values.pop(path, None)

    def flag(self, path: str) -> bool | None:
        value = self._values.pop(path, None)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(path, _("This must be true or false, without quotes."))
        return None

    def number(self, path: str) -> int | None:
        """Return a non-negative integer, also from a string; an empty string means absent."""
        value = self._values.pop(path, None)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**10:
            return value
        self.refuse(path, _("This must be a whole number, such as 250."))
        return None

    def objects(self, path: str) -> list[ObjectReader] | None:
        """Return readers of a list's objects, which share this reader's mistakes and notes."""
        value = self._values.pop(path, None)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(path, _("This must be a list of objects, in braces."))
            return None
        return [
            ObjectReader(
                item,
                _("%(place)s, %(path)s, item %(number)d")
                % {"place": self.place, "path": path, "number": number},
                within=self,
            )
            for number, item in enumerate(value, start=1)
        ]

    def texts(self, path: str) -> tuple[str, ...] | None:
        value = self._values.pop(path, None)
        if value is None:
            return None
        if not isinstance(value, list) or not all(
            isinstance(item, str) and is_plain(item) for item in value
        ):
            self.refuse(path, _("This must be a list of strings, in quotes."))
            return None
        return tuple(value)

    def left_over(self) -> Iterator[tuple[str, Any]]:
        """Yield (path, value) of keys that were not read and have a value."""
        for path, value in self._values.items():
            if not _asks_for_nothing(value):
                yield path, value

    def _flatten(self, prefix: str, value: Mapping[str, Any]) -> None:
        for key in getattr(value, "repeated", ()):
            self.refuse(prefix + key, _("This key is given twice."))
        for key, item in value.items():
            path = prefix + key
            if path not in self._nested:
                self._values[path] = item
            elif isinstance(item, dict):
                self._flatten(f"{path}.", item)
            elif item is not None:
                self.refuse(path, _("This must be an object, in braces."))


def _asks_for_nothing(value: Any) -> bool:
    # No recursion: a file can be nested more deeply than Python's recursion limit.
    found = [value]
    while found:
        item = found.pop()
        if isinstance(item, dict):
            found += item.values()
        elif not (item is None or item is False or item in ("", [])):
            return False
    return True


def shown(text: str) -> str:
    """Return text from the file in a form that is safe for a terminal."""
    return text if text.isprintable() else json.dumps(text)
