"""Domains given as an argument for connections that have none in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .entry import ConnectionEntry


class Domains:
    """Completes entries. ``by_name``: domains by connection name (``--domain NAME=DOMAIN``)."""

    def __init__(self, by_name: Mapping[str, str]) -> None:
        self._by_name = {name.lower(): domain for name, domain in by_name.items()}
        self._used: set[str] = set()

    def complete(self, entry: ConnectionEntry) -> ConnectionEntry:
        """Return the entry, with the given domain if it has none."""
        name = entry.name.lower()
        if "domain" in entry.fields or name not in self._by_name:
            return entry
        self._used.add(name)
        return replace(
            entry,
            fields={**entry.fields, "domain": self._by_name[name]},
            keys={**entry.keys, "domain": "--domain"},
        )

    def unused(self) -> list[str]:
        return [name for name in self._by_name if name not in self._used]
