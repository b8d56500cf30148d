"""Bring connections in from a file: all of them, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import router, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Application, ClientSecret, Connection, EnabledConnection, Sealed
from .applications import Applications
from .auth0 import ConnectionEntry, parse
from .document import Mistake, shown
from .plan import Action, Change, Difference, Stored, plan_entry

#: Entries looked up at once: databases limit how many values one statement may carry.
_BATCH = 500


class ImportRefused(Exception):
    """The file holds mistakes, so nothing was changed. ``mistakes`` has all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


@dataclass(frozen=True)
class Outcome:
    """What became, or on a dry run would become, of one connection."""

    name: str
    action: Action
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class ImportResult:
    """``notes``: what the file says that was not done, in sentences. ``skipped``: entries."""

    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]
    skipped: int


def import_connections(
    data: bytes, *, application_slugs: Mapping[str, str] | None = None, dry_run: bool = False
) -> ImportResult:
    """Create and update the connections of a file in the shape of Auth0's Management API.

    ``application_slugs`` maps IDs of ``enabled_clients`` to slugs of applications. A second run
    with the same file changes nothing. Microsoft is not asked.

    Raises ``UnreadableDocument`` (not JSON), ``ImportRefused`` (mistakes) and
    ``ImproperlyConfigured`` (secrets, but no key to encrypt them); nothing is changed then.
    """
    document = parse(data)
    if any(entry.secret is not None for entry in document.entries):
        # A dry run, too, has to find that secrets cannot be stored.
        Sealed.seal("")
    using = router.db_for_write(Connection)
    with transaction.atomic(using=using):
        applications = Applications(
            Application._default_manager.using(using), application_slugs or {}
        )
        changes = list(_plan(document.entries, applications, using, lock=not dry_run))
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
    return ImportResult(
        outcomes=tuple(
            Outcome(change.connection.name, change.action, tuple(change.differences))
            for change in changes
        ),
        notes=tuple(notes),
        skipped=document.skipped,
    )


def _refuse(
    of_arguments: Sequence[Mistake], of_document: Sequence[Mistake], changes: Sequence[Change]
) -> None:
    # What could not be read is absent from then on: do not call it missing as well.
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
        for entry in batch:
            yield plan_entry(entry, stored.get(entry.name.lower(), Stored()), applications, now)


def _stored(connections: Sequence[Connection], using: str) -> dict[str, Stored]:
    enabled: defaultdict[int, dict[int, Application]] = defaultdict(dict)
    pairs = EnabledConnection._default_manager.using(using).select_related("application")
    for pair in pairs.filter(connection__in=connections):
        enabled[pair.connection_id][pair.application_id] = pair.application
    secrets: defaultdict[int, list[ClientSecret]] = defaultdict(list)
    for secret in ClientSecret._default_manager.using(using).filter(connection__in=connections):
        secrets[secret.connection_id].append(secret)
    return {
        connection.name_key: Stored(connection, enabled[connection.pk], secrets[connection.pk])
        for connection in connections
    }


def _apply(change: Change, using: str) -> None:
    connection = change.connection
    if change.is_new:
        connection.save(using=using, force_insert=True)
    elif change.fields:
        connection.save(using=using, update_fields=[*change.fields, "updated_at"])
    pairs = EnabledConnection._default_manager.using(using)
    if change.disable:
        pairs.filter(connection=connection, application__in=change.disable).delete()
    for application in change.enable:
        pairs.create(connection=connection, application=application)
    if change.add_secret is not None:
        change.add_secret.connection = connection
        change.add_secret.save(using=using)
    for secret in change.date_secrets:
        secret.save(using=using, update_fields=["expires_at"])
