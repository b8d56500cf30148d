"""Entries of the admin's history for a connection, in addition to the names of its fields.

They are stored in Django's format and in English, and translated when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_noop, override

from ...models import DomainAlias, EnabledConnection

Line = dict[str, dict[str, Any]]
#: A row that is present or not: its kind and its name.
Row = tuple[str, str]


def rows_of(enabled: Iterable[EnabledConnection], aliases: Iterable[DomainAlias] = ()) -> set[Row]:
    """Return the names, for the history, of the rows behind a form's lists."""
    return {(_kind(row), str(row)) for row in [*enabled, *aliases]}


def added_and_removed(before: set[Row], after: set[Row]) -> list[Line]:
    """Return entries for the rows that a form has added and removed."""
    added = [{"added": _named(*row)} for row in sorted(after - before)]
    return added + [{"deleted": _named(*row)} for row in sorted(before - after)]


def trust_change_entries(before: str, after: str) -> list[Line]:
    """Return entries for the directory that a connection now trusts and no longer trusts."""
    if before == after:
        return []
    name = gettext_noop("trusted directory")
    lines: list[Line] = [{"added": _named(name, after)}]
    return [*lines, {"deleted": _named(name, before)}] if before else lines


def secret_change_entries(secret: Model, *, is_new: bool, was_dated: bool) -> list[Line]:
    """Return entries for the client secret that was typed, by its first characters only."""
    done = _named(_kind(secret), str(secret))
    if is_new:
        return [{"added": done}]
    return [{"changed": done | {"fields": ["expires"]}}] if was_dated else []


def credential_entries(credential: Model) -> list[Line]:
    """Return the entry for a credential that was added, by its identifier only."""
    return [{"added": _named(_kind(credential), str(credential))}]


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"name": kind, "object": name}


def _kind(row: Model) -> str:
    with override(None):
        return str(row._meta.verbose_name)
