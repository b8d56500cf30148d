"""What an import would change: rows for the database, and differences for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from ...models import Application, Connection
from ...transfer.changes import EntryChange
from ...transfer.document import ImportIssue, shown
from ..models import API, ClientGrant, OAuthClient


@dataclass
class Change(EntryChange):
    """Everything that one entry changes. ``name``: of its client, API or grant."""

    name: str = field(kw_only=True)

    def set_fields(self, row: models.Model, values: dict[str, Any]) -> list[str]:
        """Give a row the values that differ; return the names of those fields."""
        changed = []
        for name, value in values.items():
            before = getattr(row, name)
            if value == before and row.pk is not None:
                continue
            setattr(row, name, value)
            changed.append(name)
            if value != before or value not in ("", [], {}):
                self.tell(
                    label_of(row, name),
                    describe_value(row, name, value),
                    describe_value(row, name, before),
                )
        return changed

    def refuse(self, place: str, error: ValidationError) -> None:
        self.mistakes += [ImportIssue(place, shown(text)) for text in error.messages]


@dataclass
class ClientChange(Change):
    """``application_fields`` and ``client_fields``: those that differ. ``enable``: the connections
    that are not enabled yet."""

    application: Application = field(kw_only=True)
    client: OAuthClient = field(kw_only=True)
    client_id: str = field(kw_only=True)
    application_fields: list[str] = field(default_factory=list)
    client_fields: list[str] = field(default_factory=list)
    secret: str | None = field(default=None, repr=False)
    web_origins: set[str] | None = None
    enable: Sequence[Connection] = ()

    @property
    def is_registered(self) -> bool:
        return self.client.pk is not None


@dataclass
class APIChange(Change):
    api: API = field(kw_only=True)
    fields: list[str] = field(default_factory=list)


@dataclass
class GrantChange(Change):
    """``client`` and ``api`` are those of the other changes, or stored ones. None are unknown."""

    grant: ClientGrant = field(kw_only=True)
    client: OAuthClient | None = field(kw_only=True)
    api: API | None = field(kw_only=True)


def label_of(row: models.Model, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def describe_value(row: models.Model, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return listed(map(str, value))
    if isinstance(value, dict):
        return listed(f"{key}: {text}" for key, text in value.items())
    choices: dict[Any, Any] = dict(row._meta.get_field(name).flatchoices or ())  # type: ignore[union-attr]
    return shown(str(choices.get(value, value))) or _("none")


def listed(texts: Iterable[str]) -> str:
    return ", ".join(map(shown, texts)) or _("none")


@sensitive_variables("value")
def hint_of(value: str) -> str:
    return f"{value[:3]}…"
