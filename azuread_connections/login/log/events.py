"""Writes the sign-in log: rows for the administrator, lines for Python's logging.

How many rows failures can get in a minute is limited: see ``limits``.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, IntegrityError, router, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import override

from ...client_address import client_address
from ...entra.errors import CredentialFailed, EntraError, MicrosoftError
from ...entra.graph import GraphError
from ...entra.text import storable
from ...log_fields import LogEvent, Outcome, log_fields
from ...models import Application, Connection, Credential, Directory, Event, Identity, SetupLink
from ...models.prepared_writes import Insert
from ...observation import event_logged
from .failures import FAILURES, SignInFailed
from .limits import Limits, Place

logger = logging.getLogger("azuread_connections")

#: Failures of one connection in one minute that get their own row; further ones are counted.
FAILURES_PER_MINUTE = 30
#: Characters of a failure's message: anybody can write parts of it.
_MAX_MESSAGE = 4000
# Without letters and digits that people confuse when they read them out.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Every sign-in writes one.
_SIGNED_IN = Insert(Event)


@dataclass(frozen=True)
class SignInRecord:
    """Who signed in, where, by which connection."""

    connection: Connection
    application: Application
    identity: Identity


@dataclass(frozen=True)
class ClientRecord:
    """What was refused to an OAuth client. ``application``: the client's; None for an unknown one.
    ``identity``: the person whom it is about, if it is about one."""

    kind: Event.Kind
    code: str
    message: str
    application: Application | None = None
    connection: Connection | None = None
    identity: Identity | None = None
    address: str | None = None


@dataclass(frozen=True)
class ConsentOutcome:
    """What came back from the consent page. ``directory``: the GUID in the address, not verified;
    "" if it has none."""

    connection: Connection
    asked_by: str
    directory: str
    error: MicrosoftError | None

    @property
    def is_granted(self) -> bool:
        return self.error is None


def record_signed_in(request: HttpRequest, record: SignInRecord) -> Event:
    event = Event(
        created_at=timezone.now(),
        kind=Event.Kind.SIGNED_IN,
        reference=new_reference(),
        connection=record.connection,
        connection_name=record.connection.name,
        application=record.application,
        application_name=record.application.slug,
        identity=record.identity,
        person=record.identity.login_name,
        address=client_address(request),
    )
    _SIGNED_IN.store(event, router.db_for_write(Event))
    _log(logging.INFO, event)
    return event


def record_failure(request: HttpRequest, failed: SignInFailed) -> None:
    """Store a failure, or count it, and set the reference that its page shows."""
    now = timezone.now()
    connection = failed.connection
    event = Event(
        created_at=now,
        kind=Event.Kind.SIGN_IN_FAILED,
        code=failed.code,
        reference=failed.reference or new_reference(),
        connection=connection,
        connection_name=connection.name if connection else "",
        application=failed.application,
        application_name=failed.application.slug if failed.application else "",
        aadsts_code=failed.aadsts_code,
        # PostgreSQL stores no NUL.
        message=f"{failed.summary} {failed.detail}".strip().replace("\x00", "")[:_MAX_MESSAGE],
        correlation_id=failed.correlation_id,
        trace_id=failed.trace_id,
        is_unconfirmed=failed.is_unconfirmed,
        address=client_address(request),
    )
    limits = Limits(now, failed.is_proven, FAILURES_PER_MINUTE)
    try:
        event.reference = _store_failure(event, limits)
    except DatabaseError:
        # The person still gets the page, and support finds the line logged below.
        _log_not_stored(event)
    failed.reference = event.reference
    _log(logging.WARNING, event)


def record_credential_refused(
    connection: Connection, credential: Credential, error: CredentialFailed, reference: str
) -> None:
    """Log once a minute at most which credential fails. ``reference``: the sign-in's."""
    now = timezone.now()
    event = Event(
        created_at=now,
        kind=Event.Kind.SECRET_REFUSED,
        code="secret_rejected",
        reference=reference,
        connection=connection,
        connection_name=connection.name,
        message=f"{_in_english(credential)}: {error}",
    )
    if isinstance(error, MicrosoftError):
        event.aadsts_code = error.aadsts_code
        event.correlation_id = error.correlation_id
        event.trace_id = error.trace_id
    _store(event, _count)
    _log(logging.WARNING, event)


def _in_english(credential: Credential) -> str:
    with override(None):
        return f"{credential.get_kind_display().capitalize()} {credential}"


def record_incomplete(connection: Connection, kind: Event.Kind, error: EntraError) -> None:
    """Log once a minute at most that Graph did not return all that an option needs."""
    event = Event(
        created_at=timezone.now(),
        kind=kind,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=str(error),
        correlation_id=error.request_id if isinstance(error, GraphError) else "",
    )
    _store(event, _count)
    _log(logging.WARNING, event)


def record_claims_ignored(connection: Connection, problems: Sequence[str]) -> None:
    """Log once a minute at most that an ID token has claims that cannot be used."""
    event = Event(
        created_at=timezone.now(),
        kind=Event.Kind.CLAIMS_IGNORED,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=storable(" ".join(problems))[:_MAX_MESSAGE],
    )
    store_counted(event, logging.WARNING)


def record_directory_waiting(connection: Connection, directory: Directory) -> None:
    """Log that a new directory waits for an administrator's approval."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=Event.Kind.DIRECTORY_WAITING,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=f"The directory {directory} waits for approval.",
    )
    _log(logging.INFO, event)


def record_directory_moved(connection: Connection, former: str) -> None:
    """Log that a connection now has another directory as its own."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=Event.Kind.DIRECTORY_MOVED,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=f"The connection's own directory is now {connection.tenant_id} instead of "
        f"{former}, whose people can no longer sign in here and whose sessions have ended.",
    )
    _log(logging.INFO, event)


def record_domain_withdrawn(connection: Connection, message: str) -> None:
    """Log that a domain is no longer verified for the connection's directory."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=Event.Kind.DOMAIN_WITHDRAWN,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=message,
    )
    _log(logging.WARNING, event)


def record_rotation(connection: Connection, kind: Event.Kind, message: str) -> None:
    """Log what became of a connection's credential. ``message`` holds no secret."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=kind,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=storable(message)[:_MAX_MESSAGE],
    )
    _log(logging.WARNING if kind == Event.Kind.ROTATION_FAILED else logging.INFO, event)


def record_linked(connection: Connection, identity: Identity) -> None:
    """Log that an identity was linked to an existing user."""
    message = f"Tied to the user {identity.user}, whose password and sessions have ended."
    _record_tie(Event.Kind.USER_LINKED, connection, identity, message)


def record_connected(connection: Connection, identity: Identity) -> None:
    """Log that a signed-in user connected their own Microsoft account."""
    message = f"Connected by the user {identity.user} themselves."
    _record_tie(Event.Kind.USER_LINKED, connection, identity, message)


def record_disconnected(identity: Identity) -> None:
    """Log that a signed-in user disconnected one of their Microsoft accounts."""
    message = f"Disconnected by the user {identity.user} themselves."
    _record_tie(Event.Kind.USER_UNLINKED, identity.connection, identity, message)


def record_provisioning(
    kind: Event.Kind,
    connection: Connection,
    person: str,
    message: str,
    *,
    identity: Identity | None = None,
    code: str = "",
) -> None:
    """Log what a directory has changed about a person. ``person``: their name in the directory."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=kind,
        code=code,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        identity=identity,
        person=person,
        message=storable(message)[:_MAX_MESSAGE],
    )
    _log(logging.INFO, event)


def _record_tie(
    kind: Event.Kind, connection: Connection | None, identity: Identity, message: str
) -> None:
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=kind,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name if connection else "",
        identity=identity,
        person=identity.login_name,
        message=message,
    )
    _log(logging.INFO, event)


def record_consent(request: HttpRequest, outcome: ConsentOutcome) -> None:
    """Log a callback from the consent page. Anybody with the link can cause it."""
    connection = outcome.connection
    event = Event(
        created_at=timezone.now(),
        kind=Event.Kind.CONSENT_RETURNED,
        code="" if outcome.error is None else "consent_required",
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        person=outcome.asked_by,
        aadsts_code=outcome.error.aadsts_code if outcome.error else None,
        message=str(outcome.error or f"The response says: granted by {_directory_named(outcome)}."),
        correlation_id=outcome.error.correlation_id if outcome.error else "",
        trace_id=outcome.error.trace_id if outcome.error else "",
        is_unconfirmed=True,
        address=client_address(request),
    )
    _store(event, _count)
    _log(logging.INFO, event)


def record_trial(request: HttpRequest, connection: Connection, outcome: dict[str, Any]) -> None:
    """Log that a staff member tried a connection, and whether it worked."""
    event = Event._default_manager.create(
        created_at=timezone.now(),
        kind=Event.Kind.TRIED,
        code=outcome.get("code", ""),
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        person=request.user.get_username()[:254],
        aadsts_code=outcome.get("aadsts_code"),
        message=f"{outcome.get('summary', '')} {outcome.get('detail', '')}".strip(),
        correlation_id=outcome.get("correlation_id", ""),
        trace_id=outcome.get("trace_id", ""),
        address=client_address(request),
    )
    _log(logging.INFO, event)


def record_setup_link(
    link: SetupLink, message: str, *, person: str = "", request: HttpRequest | None = None
) -> None:
    """Log what became of a set-up link. ``person``: the site's user who did it, "" for the customer
    or a command. The event has the link's reference."""
    _record_setup(Event.Kind.SETUP_LINK, link, message, person, request)


def record_setup_step(request: HttpRequest, link: SetupLink, message: str) -> None:
    """Log what the customer's administrator has done on a page of a set-up."""
    _record_setup(Event.Kind.SETUP_STEP, link, message, "", request)


def record_domain_refused(connection: Connection, message: str) -> None:
    """Log that the set-up of another connection has asked for a domain of this one."""
    event = Event(
        created_at=timezone.now(),
        kind=Event.Kind.SETUP_STEP,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name,
        message=storable(message)[:_MAX_MESSAGE],
        is_unconfirmed=True,
    )
    _store(event, _count)
    _log(logging.INFO, event)


def _record_setup(
    kind: Event.Kind, link: SetupLink, message: str, person: str, request: HttpRequest | None
) -> None:
    event = Event(
        created_at=timezone.now(),
        kind=kind,
        reference=link.reference,
        connection=link.connection,
        connection_name=link.connection_name,
        person=person,
        message=storable(message)[:_MAX_MESSAGE],
        address=client_address(request) if request is not None else None,
    )
    _store(event, _insert)
    _log(logging.INFO, event)


def record_client(record: ClientRecord) -> None:
    """Log what was refused to an OAuth client: in one row a minute, however often it happens.

    What is about no person can be caused by anybody, so all applications together get a limited
    number of rows.
    """
    now = timezone.now()
    application, connection, identity = record.application, record.connection, record.identity
    event = Event(
        created_at=now,
        kind=record.kind,
        code=record.code,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name if connection else "",
        application=application,
        application_name=application.slug if application else "",
        identity=identity,
        person=identity.login_name if identity else "",
        message=storable(record.message)[:_MAX_MESSAGE],
        address=record.address,
    )
    subject = f"{application.pk if application else '-'}:{identity.pk if identity else '-'}"
    event.counter_key = f"{event.kind}:{event.code}:{subject}:{now:%Y%m%d%H%M}"
    try:
        _store_at_client(event, Limits(now, identity is not None, FAILURES_PER_MINUTE))
    except DatabaseError:
        _log_not_stored(event)
    _log(logging.WARNING, event)


def record_provisioning_refused(
    connection: Connection | None, code: str, message: str, address: str | None
) -> None:
    """Log that a request of a directory was not let in: in one row a minute for each connection and
    code. Anybody can cause it, so all connections together get a limited number of rows.

    ``connection``: the one that it is about; None if there is none with that name.
    """
    now = timezone.now()
    event = Event(
        created_at=now,
        kind=Event.Kind.PROVISIONING_REFUSED,
        code=code,
        reference=new_reference(),
        connection=connection,
        connection_name=connection.name if connection else "",
        message=message,
        address=address,
    )
    event.counter_key = _counter_key(event)
    try:
        _store_at_connection(event, Limits(now, False, FAILURES_PER_MINUTE))
    except DatabaseError:
        _log_not_stored(event)
    _log(logging.WARNING, event)


def _store_at_connection(event: Event, limits: Limits) -> None:
    if _increment(event):
        return
    if event.connection is not None and not limits.has_room():
        event = copy(event)  # Python's log still names the connection
        event.connection, event.connection_name = None, ""
        event.counter_key = _counter_key(event)
    _store(event, _count)


def _store_at_client(event: Event, limits: Limits) -> None:
    if _increment(event):
        return
    if event.identity is None and not limits.has_room():
        event = copy(event)  # Python's log still names the application
        event.application, event.application_name = None, ""
        event.counter_key = f"{event.kind}:{event.code}:-:-:{event.created_at:%Y%m%d%H%M}"
    _store(event, _count)


def _directory_named(outcome: ConsentOutcome) -> str:
    return f"the directory {outcome.directory}" if outcome.directory else "an unnamed directory"


def new_reference() -> str:
    """Return a reference by which support finds an event."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def _store_failure(event: Event, limits: Limits) -> str:
    """Store a failure as far as the limits allow; return its reference."""
    place = limits.place_of(event.connection, event.code)
    if place is Place.ROW:
        _store(event, _insert)
        return event.reference
    # Proven failures get their own counters: anybody can write the text of the others.
    kind = ":proven" if limits.is_proven else ""
    if place is Place.CONNECTION_COUNTER:
        event.counter_key = _counter_key(event) + kind
        if _increment(event):
            return event.reference
        if not limits.has_room():  # the counter is a row, too, one per connection
            place = Place.OVERALL_COUNTER
    if place is Place.OVERALL_COUNTER:
        # A copy: Python's log still names the connection.
        event = copy(event)
        event.connection = event.application = None
        event.connection_name = event.application_name = ""
        event.counter_key = _counter_key(event) + kind
    _store(event, _count)
    return event.reference


def store_counted(event: Event, level: int) -> None:
    """Log an event: in one row a minute with others of the same kind, code and connection."""
    _store(event, _count)
    _log(level, event)


def _store(event: Event, write: Callable[[Event], None]) -> None:
    """Write an event, with names only if its connection or application was deleted meanwhile."""
    try:
        write(event)
    except IntegrityError:
        event.pk = event.connection = event.application = None
        write(event)


def _insert(event: Event) -> None:
    # In its own transaction: on MariaDB an existing row stays locked until it ends, and two
    # requests that then count in that row would deadlock.
    with transaction.atomic(using=router.db_for_write(Event)):
        event.save(force_insert=True)


def _count(event: Event) -> None:
    """Store an event as the first of its kind in this minute, or count it in the existing row."""
    event.counter_key = event.counter_key or _counter_key(event)
    if not _increment(event):
        try:
            _insert(event)
        except IntegrityError:
            if not _increment(event):  # not because another process was first
                raise


def _counter_key(event: Event) -> str:
    return f"{event.kind}:{event.code}:{event.connection_id or '-'}:{event.created_at:%Y%m%d%H%M}"


def _increment(event: Event) -> bool:
    """Count an event in the row of its kind and minute, and take over that row's reference."""
    same = Event._default_manager.filter(counter_key=event.counter_key)
    if not same.update(count=F("count") + 1):
        return False
    event.reference = same.values_list("reference", flat=True).get()
    return True


def _log_not_stored(event: Event) -> None:
    logger.exception(
        "The event %s could not be stored.",
        event.reference,
        extra=log_fields(
            LogEvent.EVENT_NOT_STORED,
            reference=event.reference,
            connection=event.connection_name,
            application=event.application_name,
        ),
    )


def _log(level: int, event: Event) -> None:
    fields: dict[str, Any] = {
        "code": event.code,
        "connection": event.connection_name,
        "application": event.application_name,
        "person": _on_one_line(event.person),
        "reference": event.reference,
        "aadsts": event.aadsts_code,
        "correlation_id": _on_one_line(event.correlation_id),
        "detail": _on_one_line(event.message),
    }
    text = " ".join(f"{name}={value}" for name, value in fields.items() if value)
    logger.log(level, "%s %s", event.kind, text, extra=_fields_of(event, level))
    event_logged.send_robust(Event, event=event)


def _fields_of(event: Event, level: int) -> dict[str, Any]:
    is_failure = level >= logging.WARNING or event.code in FAILURES
    return log_fields(
        event.kind,
        Outcome.FAILURE if is_failure else Outcome.SUCCESS,
        code=event.code,
        reference=event.reference,
        connection=event.connection_name,
        application=event.application_name,
        person=event.person,
        identity=event.identity_id,
        aadsts=event.aadsts_code,
        correlation_id=event.correlation_id,
        trace_id=event.trace_id,
        is_unconfirmed=event.is_unconfirmed,
        detail=event.message,
    )


def _on_one_line(text: str) -> str:
    """Return text of any origin so that it cannot look like another line of the log."""
    return json.dumps(text, ensure_ascii=not text.isprintable()) if text else ""
