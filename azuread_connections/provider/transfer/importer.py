"""Imports clients, APIs and client grants from a file: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ...models import EnabledConnection
from ...transfer.document import ImportIssue, shown
from ...transfer.importer import EntryResult, ImportRefused, ImportResult
from ..models import API, ClientGrant, OAuthClient, OAuthClientSecret
from ..models.client import create_oauth_application
from .api_plan import GrantPlanner, plan_api
from .auth0 import parse
from .changes import APIChange, Change, ClientChange, GrantChange
from .entry import Document
from .matching import Stored
from .plan import plan_client


def import_applications(
    data: bytes, *, uses_auth0_subjects: bool = False, dry_run: bool = False
) -> ImportResult:
    """Create and update the clients, APIs and client grants of a file in Auth0's shape.

    Connections that the file enables for a client are enabled, if they are here; they are imported
    by ``import_connections``. ``uses_auth0_subjects``: the clients of the file go on to know
    people by Auth0's user IDs. A second run with the same arguments changes nothing.

    Raises ``UnreadableDocument`` (not JSON) and ``ImportRefused`` (mistakes); nothing is changed
    then.
    """
    document = parse(data)
    using = router.db_for_write(OAuthClient)
    with transaction.atomic(using=using):
        changes = _plan(document, using, uses_auth0_subjects)
        _refuse(document, changes)
        if not dry_run:
            for change in changes:
                _apply(change, using)
    return ImportResult(
        outcomes=tuple(
            EntryResult(shown(change.name), change.action, tuple(change.differences))
            for change in changes
        ),
        notes=(*document.notes, *(note for change in changes for note in change.notes)),
        skipped=document.skipped,
    )


def _plan(document: Document, using: str, uses_auth0_subjects: bool) -> list[Change]:
    stored, now = Stored(using), timezone.now()
    connections = stored.connections(document.clients)
    clients = [
        plan_client(entry, stored, connections, now, uses_auth0_subjects=uses_auth0_subjects)
        for entry in document.clients
    ]
    _refuse_same_application(document, clients)
    known = {api.identifier: api for api in API._default_manager.using(using)}
    apis = [plan_api(entry, known.get(entry.identifier)) for entry in document.apis]
    planner = GrantPlanner(
        clients,
        known | {change.api.identifier: change.api for change in apis},
        stored,
        ClientGrant._default_manager.using(using),
    )
    return [*clients, *apis, *map(planner.plan, document.grants)]


def _refuse_same_application(document: Document, changes: Sequence[ClientChange]) -> None:
    """Two entries can lead to one application, one by its external ID, the other by its name."""
    first_by: dict[int, str] = {}
    for entry, change in zip(document.clients, changes, strict=True):
        if change.application.pk is not None and not change.mistakes:
            first = first_by.setdefault(change.application.pk, entry.place)
            if first is not entry.place:
                message = _("It is the same application as: %(first)s.") % {"first": first}
                change.mistakes.append(ImportIssue(entry.place, message))


def _refuse(document: Document, changes: Sequence[Change]) -> None:
    # A value that could not be read counts as absent: do not report it as missing too.
    places = {mistake.place for mistake in document.mistakes}
    of_values = [
        mistake for change in changes for mistake in change.mistakes if mistake.place not in places
    ]
    mistakes = [*document.mistakes, *of_values]
    if mistakes:
        raise ImportRefused(mistakes)


def _apply(change: Change, using: str) -> None:
    if isinstance(change, ClientChange):
        _apply_client(change, using)
    elif isinstance(change, APIChange):
        if change.is_new or change.fields:
            change.api.save(using=using)
    elif isinstance(change, GrantChange) and change.differences:
        grant = change.grant
        assert change.client is not None and change.api is not None  # noqa: S101 PT018
        grant.client, grant.api = change.client, change.api
        grant.save(using=using)


def _apply_client(change: ClientChange, using: str) -> None:
    application, client = change.application, change.client
    if application.pk is None or change.application_fields:
        application.save(using=using)
    if not change.is_registered:
        client.application = application
        client.oauth_application = create_oauth_application(
            application.name, change.client_id, using
        )
        client.save(using=using)
    elif change.client_fields:
        client.save(using=using, update_fields=change.client_fields)
    if client.oauth_application.name != application.name:
        client.oauth_application.name = application.name
        client.oauth_application.save(using=using, update_fields=["name"])
    if change.web_origins is not None:
        client.set_web_origins(change.web_origins)
    if change.secret is not None:
        OAuthClientSecret.objects.add(client, change.secret)
    pairs = EnabledConnection._default_manager.using(using)
    for connection in change.enable:
        pairs.create(application=application, connection=connection)
