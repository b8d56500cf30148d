"""The entries of a file, before they are compared with the stored connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .document import ImportIssue
from .options import BY_FIELD, TENANT_IDS, Value


@dataclass(frozen=True)
class DirectoryEntry:
    """A directory in the file. ``place`` is for messages; None means not given."""

    place: str
    tenant_id: str
    status: str | None = None
    domain: str | None = None
    admitted_by: str | None = None


@dataclass(frozen=True)
class MappingEntry:
    """A mapping of the file: of a directory's group or of an app role; the other is "". ``group``:
    the Django group's name, or None."""

    place: str
    directory_group_id: str = ""
    role: str = ""
    group: str | None = None
    label: str | None = None
    admits: bool | None = None


@dataclass(frozen=True)
class CredentialEntry:
    """A certificate or a federated credential in the file, not yet validated."""

    place: str
    kind: str
    private_key: str = field(default="", repr=False)
    certificate: str = ""
    token_file: str = ""
    managed_identity: str = ""


@dataclass(frozen=True)
class ConnectionEntry:
    """One connection of the file. What the file does not give is absent or None.

    ``fields``: values for fields of ``Connection``, not yet validated. ``keys``: the path of each
    value in the file, for messages. ``secret_expires_at`` is aware, in UTC. ``has_placeholder``:
    the file has a placeholder instead of the secret. ``options_withheld``: the file has no options
    or empty ones; ``has_empty_options``: they are empty.
    """

    place: str
    name: str
    fields: Mapping[str, Value]
    keys: Mapping[str, str]
    secret: str | None = field(default=None, repr=False)
    secret_expires_at: datetime | None = None
    credentials: tuple[CredentialEntry, ...] = ()
    tenant_id: str | None = None
    tenant_id_key: str = TENANT_IDS[0]
    clients: tuple[str, ...] | None = None
    aliases: tuple[str, ...] | None = None
    directories: tuple[DirectoryEntry, ...] | None = None
    mappings: tuple[MappingEntry, ...] | None = None
    has_placeholder: bool = False
    options_withheld: bool = False
    has_empty_options: bool = False

    @property
    def has_private_parts(self) -> bool:
        """Whether the file has something for the connection that is stored encrypted."""
        return self.secret is not None or any(each.private_key for each in self.credentials)

    def key(self, field_name: str) -> str:
        """Return the path in the file of a field's value, or the path where it belongs."""
        option = BY_FIELD.get(field_name)
        return self.keys.get(field_name) or (option.key if option else field_name)


@dataclass
class Document:
    """A parsed file: its entries, its mistakes, and notes about what is not imported."""

    entries: list[ConnectionEntry] = field(default_factory=list)
    mistakes: list[ImportIssue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
