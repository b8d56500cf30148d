"""Imports connections from a file: all of them, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db import router, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import (
    Application,
    Connection,
    Credential,
    Directory,
    DomainAlias,
    EnabledConnection,
    GroupMapping,
    Sealed,
)
from .applications import Applications
from .auth0 import parse
from .changes import Action, Change, Difference, Stored
from .document import ImportIssue, shown
from .domains import Domains
from .entry import ConnectionEntry
from .plan import plan_entry

Row = TypeVar("Row", Credential, DomainAlias, Directory, GroupMapping)

#: Entries looked up at once: databases limit the number of parameters.
_BATCH = 500


class ImportRefused(Exception):
    """The file has mistakes, so nothing was changed. ``mistakes`` has all of them."""

    def __init__(self, mistakes: Sequence[ImportIssue]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


@dataclass(frozen=True)
class EntryResult:
    """What changed, or on a dry run would change, in one connection."""

    name: str
    action: Action
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class ImportResult:
    """``notes``: sentences about what was not imported. ``skipped``: number of entries."""

    outcomes: tuple[EntryResult, ...]
    notes: tuple[str, ...]
    skipped: int


def import_connections(
    data: bytes,
    *,
    application_slugs: Mapping[str, str] | None = None,
    domains: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Create and update the connections of a file in the shape of Auth0's Management API.

    ``application_slugs`` maps IDs of ``enabled_clients`` to slugs of applications. ``domains`` maps
    names of connections to domains that the file does not give. A second run with the same
    arguments changes nothing. Microsoft is not asked.

    Raises ``UnreadableDocument`` (not JSON), ``ImportRefused`` (mistakes) and
    ``ImproperlyConfigured`` (secrets, but no key to encrypt them); nothing is changed then.
    """
    document = parse(data)
    supplied = Domains(domains or {})
    entries = [supplied.complete(entry) for entry in document.entries]
    if any(entry.has_private_parts for entry in entries):
        # A dry run must also detect that secrets cannot be stored.
        Sealed.seal("")
    using = router.db_for_write(Connection)
    with transaction.atomic(using=using):
        applications = Applications(
            Application._default_manager.using(using), application_slugs or {}
        )
        changes = list(_plan(entries, applications, using, lock=not dry_run))
        _refuse(applications.mistakes, document.mistakes, changes)
        if not dry_run:
            for change in changes:
                _apply(change, using)
    notes = [*document.notes, *(note for change in changes for note in change.notes)]
    notes += [
        _("--application %(client)s: no connection of the file is enabled for it.")
        % {"client": shown(client)}
        for client in applications.unused()
    ]
    notes += [
        _("--domain %(name)s: the file has no connection of this name that lacks a domain.")
        % {"name": shown(name)}
        for name in supplied.unused()
    ]
    return ImportResult(
        outcomes=tuple(
            EntryResult(change.connection.name, change.action, tuple(change.differences))
            for change in changes
        ),
        notes=tuple(notes),
        skipped=document.skipped,
    )


def _refuse(
    of_arguments: Sequence[ImportIssue],
    of_document: Sequence[ImportIssue],
    changes: Sequence[Change],
) -> None:
    # A value that could not be read counts as absent: do not report it as missing too.
    places = {mistake.place for mistake in of_document}
    of_values = [
        mistake for change in changes for mistake in change.mistakes if mistake.place not in places
    ]
    mistakes = [*of_arguments, *of_document, *of_values]
    if mistakes:
        raise ImportRefused(mistakes)


def _plan(
    entries: Sequence[ConnectionEntry], applications: Applications, using: str, *, lock: bool
) -> Iterator[Change]:
    now = timezone.now()
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        connections: QuerySet[Connection] = Connection._default_manager.using(using).filter(
            name_key__in=[entry.name.lower() for entry in batch]
        )
        if lock:
            connections = connections.select_for_update()
        stored = _stored(list(connections), using)
        groups = _groups(batch, using)
        for entry in batch:
            known = stored.get(entry.name.lower(), Stored())
            yield plan_entry(entry, known, applications, groups, now)


def _groups(entries: Sequence[ConnectionEntry], using: str) -> dict[str, Group]:
    names = {item.group for entry in entries for item in entry.mappings or () if item.group}
    groups = Group._default_manager.using(using).filter(name__in=names)
    # By the exact name: some databases also match a name in another case.
    return {group.name: group for group in groups}


def _stored(connections: Sequence[Connection], using: str) -> dict[str, Stored]:
    enabled: defaultdict[int, dict[int, Application]] = defaultdict(dict)
    pairs = EnabledConnection._default_manager.using(using).select_related("application")
    for pair in pairs.filter(connection__in=connections):
        enabled[pair.connection_id][pair.application_id] = pair.application

    def rows(model: type[Row]) -> dict[int, list[Row]]:
        found = model._default_manager.using(using).filter(connection__in=connections)
        return _by_connection(found)

    credentials = rows(Credential)
    aliases = rows(DomainAlias)
    directories = rows(Directory)
    mappings = _by_connection(
        GroupMapping._default_manager.using(using)
        .filter(connection__in=connections)
        .select_related("group")
    )
    return {
        connection.name_key: Stored(
            connection,
            enabled[connection.pk],
            credentials.get(connection.pk, []),
            [row.domain for row in aliases.get(connection.pk, []) if not row.is_primary],
            {row.tenant_id: row for row in directories.get(connection.pk, [])},
            mappings.get(connection.pk, []),
        )
        for connection in connections
    }


def _by_connection(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.connection_id].append(row)
    return found


def _apply(change: Change, using: str) -> None:
    connection = change.connection
    if change.is_new:
        connection.save(using=using, force_insert=True)
    elif change.fields:
        # All columns: only a full save updates the rows of its own domain and directory.
        connection.save(using=using)
    _apply_applications(change, using)
    for addition in change.credentials:
        addition.save(connection, using)
    _apply_related_objects(change, using)


def _apply_applications(change: Change, using: str) -> None:
    connection = change.connection
    pairs = EnabledConnection._default_manager.using(using)
    if change.disable:
        pairs.filter(connection=connection, application__in=change.disable).delete()
    for application in change.enable:
        pairs.create(connection=connection, application=application)


def _apply_related_objects(change: Change, using: str) -> None:
    connection = change.connection
    aliases = DomainAlias._default_manager.using(using).filter(connection=connection)
    if change.forgets_proofs:
        aliases.forget_proofs()
    if change.aliases is not None:
        aliases.filter(is_primary=False).exclude(domain__in=change.aliases).delete()
        known = set(aliases.values_list("domain", flat=True))
        for domain in change.aliases:
            if domain not in known:
                aliases.create(connection=connection, domain=domain)
    for directory in change.directories:
        Directory._default_manager.using(using).update_or_create(
            connection=connection,
            tenant_id=directory.tenant_id,
            defaults={
                "status": directory.status,
                "admitted_by": directory.admitted_by,
                "domain": directory.domain,
            },
        )
    for mapping in change.mappings:
        mapping.connection = connection
        mapping.save(using=using)
    # Last, so that nobody leaves a Django group that another mapping now gives.
    if dropped := [mapping.pk for mapping in change.drop_mappings]:
        GroupMapping._default_manager.using(using).filter(pk__in=dropped).delete()
