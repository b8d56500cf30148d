"""What a file says of connections, key by key, before it is compared with what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .document import ImportIssue
from .options import BY_FIELD, TENANT_IDS


@dataclass(frozen=True)
class DirectoryEntry:
    """A directory that the file lists. ``place`` is for messages; None is what it does not say."""

    place: str
    tenant_id: str
    status: str | None = None
    domain: str | None = None
    admitted_by: str | None = None


@dataclass(frozen=True)
class MappingEntry:
    """A group mapping of the file. ``group``: the Django group's name, or None."""

    place: str
    directory_group_id: str
    group: str | None = None
    label: str | None = None
    admits: bool | None = None


@dataclass(frozen=True)
class ConnectionEntry:
    """One connection of the file. What the file does not say is absent, or None.

    ``fields``: values for fields of ``Connection``, not yet validated. ``keys``: the path in the
    file from which each came, for messages. ``secret_expires_at`` is aware, in UTC.
    ``has_placeholder``: the file has a text in the place of the secret that cannot be one.
    ``options_withheld``: the file has no options at all; ``has_empty_options``: or empty ones.
    """

    place: str
    name: str
    fields: Mapping[str, str | bool | int]
    keys: Mapping[str, str]
    secret: str | None = field(default=None, repr=False)
    secret_expires_at: datetime | None = None
    tenant_id: str | None = None
    tenant_id_key: str = TENANT_IDS[0]
    clients: tuple[str, ...] | None = None
    aliases: tuple[str, ...] | None = None
    directories: tuple[DirectoryEntry, ...] | None = None
    mappings: tuple[MappingEntry, ...] | None = None
    has_placeholder: bool = False
    options_withheld: bool = False
    has_empty_options: bool = False

    def key(self, field_name: str) -> str:
        """The path in the file at which a field's value stands, or should."""
        option = BY_FIELD.get(field_name)
        return self.keys.get(field_name) or (option.key if option else field_name)


@dataclass
class Document:
    """A file as read: its entries, what is wrong with it, and what is said but not done."""

    entries: list[ConnectionEntry] = field(default_factory=list)
    mistakes: list[ImportIssue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
