"""Exports connections for ``import_connections``, without secrets and private keys."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from ..entra.managed_identity import SYSTEM_ASSIGNED
from ..models import Connection, Credential, Directory, DomainAlias, EnabledConnection, GroupMapping
from ..models.batches import in_pages
from .options import (
    BASIC_PROFILE,
    CREDENTIALS,
    DIRECTORIES,
    DOMAIN_ALIASES,
    ENABLED_CLIENTS,
    GROUP_MAPPINGS,
    OPTIONS,
    STRATEGY,
    TENANT_IDS,
)

#: Connections read at once; limits memory at any number of connections.
PAGE_SIZE = 200

Entry = dict[str, Any]


def export_connections(connections: QuerySet[Connection]) -> Iterator[Entry]:
    """Yield an entry for each connection, sorted by name, in Auth0's shape.

    Imported into a site without a connection of that name, it gives the same connection, except
    for secrets and what was observed here: consent, first visits and verified domains. Those that a
    customer is still setting up, without a domain, are left out: no site could import them.
    """
    for page in in_pages(connections.exclude(domain=""), PAGE_SIZE, key="name_key"):
        yield from _entries(page)


def as_json(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the pieces of a JSON list, one entry after the other."""
    before = "[\n"
    for entry in entries:
        yield before + json.dumps(entry, indent=2)
        before = ",\n"
    yield "[]\n" if before.startswith("[") else "\n]\n"


def _entries(page: Sequence[Connection]) -> Iterator[Entry]:
    aliases = _by_connection(
        # Without those that lead nowhere yet: on another site they would lead there at once.
        DomainAlias._default_manager.discoverable().filter(is_primary=False).order_by("domain"),
        page,
    )
    directories = _by_connection(Directory._default_manager.order_by("tenant_id"), page)
    mappings = _by_connection(
        GroupMapping._default_manager.select_related("group").order_by(
            "directory_group_id", "role", "group__name", "pk"
        ),
        page,
    )
    # Without ``value``, so that no secret and no private key is read at all.
    credentials = _by_connection(
        Credential._default_manager.exclude(kind=Credential.Kind.SECRET)
        .defer("value")
        .order_by("pk"),
        page,
    )
    enabled = _by_connection(
        EnabledConnection._default_manager.select_related("application").order_by(
            "application__slug"
        ),
        page,
    )
    for connection in page:
        key = connection.pk
        entry: Entry = {"name": connection.name, "strategy": STRATEGY}
        for option in OPTIONS:
            _put(entry, option.key, option.exported(getattr(connection, option.field)))
        _put(entry, BASIC_PROFILE, True)
        _put(entry, DOMAIN_ALIASES, [row.domain for row in aliases[key]])
        if connection.tenant_id:
            _put(entry, TENANT_IDS[0], connection.tenant_id)
        _put(entry, DIRECTORIES, [_directory(row) for row in directories[key]])
        _put(entry, GROUP_MAPPINGS, [_mapping(row) for row in mappings[key]])
        if credentials[key]:
            _put(entry, CREDENTIALS, [_credential(row) for row in credentials[key]])
        _put(entry, ENABLED_CLIENTS, [row.application.slug for row in enabled[key]])
        yield entry


def _by_connection(
    rows: QuerySet[Any], connections: Sequence[Connection]
) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows.filter(connection__in=connections):
        found[row.connection_id].append(row)
    return found


def _put(entry: Entry, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        entry = entry.setdefault(parent, {})
    entry[last] = value


def _credential(row: Credential) -> Entry:
    """A certificate without its private key, or where a federated token comes from."""
    if row.kind == Credential.Kind.CERTIFICATE:
        return {"kind": row.kind, "certificate": row.certificate}
    if row.managed_identity:
        is_system = row.managed_identity == SYSTEM_ASSIGNED
        return {"kind": row.kind, "managed_identity": is_system or row.managed_identity}
    return {"kind": row.kind, "token_file": row.token_file}


def _directory(row: Directory) -> Entry:
    return {
        "tenant_id": row.tenant_id,
        "status": row.status,
        "admitted_by": row.admitted_by,
        "domain": row.domain,
    }


def _mapping(row: GroupMapping) -> Entry:
    given = {"role": row.role} if row.is_role else {"directory_group_id": row.directory_group_id}
    return {
        **given,
        "label": row.label,
        "group": row.group.name if row.group else None,
        "admits": row.admits,
    }
