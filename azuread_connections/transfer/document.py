"""Read a JSON document key by key, keeping the path to each for messages, and every mistake."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..models.validators import is_plain


class UnreadableDocument(Exception):
    """Not JSON. The message says where, and quotes nothing: there may be a secret."""


@dataclass(frozen=True)
class ImportIssue:
    """What is wrong with a file: the place (entry and key, or an argument) and the reason."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class _Object(dict[str, Any]):
    """A JSON object that remembers which keys were given twice: the last would win unseen."""

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
        raise UnreadableDocument(_("This is not JSON: it is no UTF-8 text.")) from None
    except (ValueError, RecursionError):
        raise UnreadableDocument(
            _("This JSON holds a number too long, or is nested too deeply, to be read.")
        ) from None


class ObjectReader:
    """Takes values out of one JSON object by dotted path, such as ``options.client_id``.

    A wrong value goes to ``mistakes`` and is read as absent, so that all mistakes of a file are
    found in one go. ``null`` is read as absent. ``notes``: what is said but not done.
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
            self.refuse(path, _("This must be a text, in quotes."))
            return None
        value = value.strip() if strip else value
        if not is_plain(value):
            self.refuse(path, _("This text contains control characters."))
            return None
        return value

    def flag(self, path: str) -> bool | None:
        value = self._values.pop(path, None)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(path, _("This must be true or false, without quotes."))
        return None

    def number(self, path: str) -> int | None:
        """A whole number from zero, also as a text; an empty text is read as absent."""
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
        """Readers of a list's objects, whose mistakes and notes are told with this one's."""
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
            self.refuse(path, _("This must be a list of texts, in quotes."))
            return None
        return tuple(value)

    def left_over(self) -> Iterator[tuple[str, Any]]:
        """What nobody took and asks for something: (path, value)."""
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
    # No recursion: a file can be nested more deeply than Python calls.
    found = [value]
    while found:
        item = found.pop()
        if isinstance(item, dict):
            found += item.values()
        elif not (item is None or item is False or item in ("", [])):
            return False
    return True


def shown(text: str) -> str:
    """Text from the file as it may go to a terminal."""
    return text if text.isprintable() else json.dumps(text)
