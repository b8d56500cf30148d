"""What the admin's history says of a connection beside the names of its fields.

In Django's own terms and English, as it is stored: it is translated when somebody reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_noop, override

from ...models import DomainAlias, EnabledConnection

Line = dict[str, dict[str, Any]]
#: Something that is there or not: what it is called, and its name.
Row = tuple[str, str]


def rows_of(enabled: Iterable[EnabledConnection], aliases: Iterable[DomainAlias] = ()) -> set[Row]:
    """Return what the history calls the rows that a form's lists stand for."""
    return {(_kind(row), str(row)) for row in [*enabled, *aliases]}


def added_and_removed(before: set[Row], after: set[Row]) -> list[Line]:
    """Tell the rows that a form has added and removed."""
    added = [{"added": _named(*row)} for row in sorted(after - before)]
    return added + [{"deleted": _named(*row)} for row in sorted(before - after)]


def trust_change_entries(before: str, after: str) -> list[Line]:
    """Tell which directory a connection trusts from now on, and which no longer."""
    if before == after:
        return []
    name = gettext_noop("trusted directory")
    lines: list[Line] = [{"added": _named(name, after)}]
    return [*lines, {"deleted": _named(name, before)}] if before else lines


def secret_change_entries(secret: Model, *, is_new: bool, was_dated: bool) -> list[Line]:
    """Tell of the client secret that was typed, by its first characters only."""
    done = _named(_kind(secret), str(secret))
    if is_new:
        return [{"added": done}]
    return [{"changed": done | {"fields": ["expires"]}}] if was_dated else []


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"name": kind, "object": name}


def _kind(row: Model) -> str:
    with override(None):
        return str(row._meta.verbose_name)
