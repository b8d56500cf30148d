"""What an import would change: rows for the database, and differences for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy

from ..credentials.addition import CredentialAddition
from ..models import Application, Connection, Credential, Directory, GroupMapping
from .document import ImportIssue


class Action(models.TextChoices):
    CREATE = "create", gettext_lazy("created")
    UPDATE = "update", gettext_lazy("updated")
    NONE = "none", gettext_lazy("unchanged")


@dataclass(frozen=True)
class Difference:
    """One change as text. A secret is shown only by its hint."""

    label: str
    after: str
    before: str | None = None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.label}: {self.after}"
        return f"{self.label}: {self.before} → {self.after}"


@dataclass(frozen=True)
class Stored:
    """The stored data of a connection. ``aliases``: without its own domain."""

    connection: Connection | None = None
    applications: Mapping[int, Application] = field(default_factory=dict)
    credentials: Sequence[Credential] = ()
    aliases: Sequence[str] = ()
    directories: Mapping[str, Directory] = field(default_factory=dict)
    mappings: Sequence[GroupMapping] = ()


@dataclass
class EntryChange:
    """What one entry of a file changes: to read, with what is wrong and what is ignored."""

    is_new: bool
    differences: list[Difference] = field(default_factory=list)
    mistakes: list[ImportIssue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def action(self) -> Action:
        if self.is_new:
            return Action.CREATE
        return Action.UPDATE if self.differences else Action.NONE

    def tell(self, label: str, after: str, before: str) -> None:
        """Add a difference. For a new row, the former value is left out."""
        self.differences.append(Difference(label, after, None if self.is_new else before))


@dataclass(kw_only=True)
class Change(EntryChange):
    """Everything that an entry changes of a connection. ``aliases``: the complete new list, if it
    changes. ``forgets_proofs``: whether its domains are no longer verified."""

    connection: Connection
    fields: list[str] = field(default_factory=list)
    enable: list[Application] = field(default_factory=list)
    disable: list[Application] = field(default_factory=list)
    credentials: list[CredentialAddition] = field(default_factory=list)
    aliases: list[str] | None = None
    forgets_proofs: bool = False
    directories: list[Directory] = field(default_factory=list)
    mappings: list[GroupMapping] = field(default_factory=list)
    drop_mappings: list[GroupMapping] = field(default_factory=list)
