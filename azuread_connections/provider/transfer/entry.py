"""The entries of a file, before they are compared with what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...transfer.document import ImportIssue


@dataclass(frozen=True)
class ClientEntry:
    """One client of the file. What the file does not give is absent or None.

    ``application`` and ``client``: values for fields of ``Application`` and ``OAuthClient``, not
    yet validated. ``keys``: the path of each value in the file, for messages. ``incomplete``: the
    fields whose lists had placeholders, so that lines are missing. ``connections``: the names of
    the file's connections that are enabled for it.
    """

    place: str
    name: str
    client_id: str
    slug: str
    application: Mapping[str, Any]
    client: Mapping[str, Any]
    keys: Mapping[str, str]
    web_origins: tuple[str, ...] | None = None
    secret: str | None = field(default=None, repr=False)
    has_masked_secret: bool = False
    incomplete: frozenset[str] = frozenset()
    connections: tuple[str, ...] = ()

    def place_of(self, field_name: str) -> str:
        return f"{self.place}, {self.keys.get(field_name, field_name)}"


@dataclass(frozen=True)
class APIEntry:
    """One resource server of the file. ``scopes``: each with its meaning."""

    place: str
    identifier: str
    name: str
    scopes: Mapping[str, str] | None
    token_lifetime: int | None


@dataclass(frozen=True)
class GrantEntry:
    """One client grant of the file. ``client``: an ID, or the deploy CLI's name."""

    place: str
    client: str
    audience: str
    scopes: tuple[str, ...]


@dataclass
class Document:
    """A parsed file: its entries, its mistakes, and notes about what is not imported.

    ``skipped_clients`` and ``skipped_apis``: Auth0's own, by every name that a grant can have for
    them.
    """

    clients: list[ClientEntry] = field(default_factory=list)
    apis: list[APIEntry] = field(default_factory=list)
    grants: list[GrantEntry] = field(default_factory=list)
    mistakes: list[ImportIssue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
    skipped_clients: set[str] = field(default_factory=set)
    skipped_apis: set[str] = field(default_factory=set)
