"""Logs sign-ins, and what becomes of people, directories, domains and credentials.

Each event is a row for the administrator, written by ``store``, and a line of Python's logging,
written by ``lines``. Set-ups, provisioning and the calls of clients have modules of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, router
from django.http import HttpRequest
from django.utils.translation import override

from ...client_address import client_address
from ...entra.errors import CredentialFailed, EntraError, MicrosoftError
from ...entra.graph import GraphError
from ...models import Application, Connection, Credential, Directory, Event, Identity
from ...models.prepared_writes import Insert
from . import store
from .failures import SignInFailed
from .limits import Limits
from .lines import log_event, log_not_stored
from .store import new_event

#: Every sign-in writes one.
_SIGNED_IN = Insert(Event)


@dataclass(frozen=True)
class SignInRecord:
    """Who signed in, where, by which connection."""

    connection: Connection
    application: Application
    identity: Identity


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


# --- Sign-ins -------------------------------------------------------------------------------------


def record_signed_in(request: HttpRequest, record: SignInRecord) -> Event:
    event = new_event(
        Event.Kind.SIGNED_IN,
        record.connection,
        application=record.application,
        application_name=record.application.slug,
        identity=record.identity,
        person=record.identity.login_name,
        address=client_address(request),
    )
    _SIGNED_IN.store(event, router.db_for_write(Event))
    log_event(event)
    return event


def record_failure(request: HttpRequest, failed: SignInFailed) -> None:
    """Store a failure, or count it, and set the reference that its page shows."""
    event = new_event(
        Event.Kind.SIGN_IN_FAILED,
        failed.connection,
        f"{failed.summary} {failed.detail}".strip(),
        reference=failed.reference,
        code=failed.code,
        application=failed.application,
        application_name=failed.application.slug if failed.application else "",
        aadsts_code=failed.aadsts_code,
        correlation_id=failed.correlation_id,
        trace_id=failed.trace_id,
        is_unconfirmed=failed.is_unconfirmed,
        address=client_address(request),
    )
    try:
        store.store_failure(event, Limits(event.created_at, failed.is_proven))
    except DatabaseError:
        # The person still gets the page, and support finds the line logged below.
        log_not_stored(event)
    failed.reference = event.reference
    log_event(event, logging.WARNING)


def record_incomplete(connection: Connection, kind: Event.Kind, error: EntraError) -> None:
    """Log once a minute at most that Graph did not return all that an option needs."""
    request_id = error.request_id if isinstance(error, GraphError) else ""
    event = new_event(kind, connection, str(error), correlation_id=request_id)
    store.count(event)
    log_event(event, logging.WARNING)


def record_claims_ignored(connection: Connection, problems: Sequence[str]) -> None:
    """Log once a minute at most that an ID token has claims that cannot be used."""
    event = new_event(Event.Kind.CLAIMS_IGNORED, connection, " ".join(problems))
    store.count(event)
    log_event(event, logging.WARNING)


# --- Who an identity belongs to -------------------------------------------------------------------


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


def _record_tie(
    kind: Event.Kind, connection: Connection | None, identity: Identity, message: str
) -> None:
    _add(new_event(kind, connection, message, identity=identity, person=identity.login_name))


# --- Directories, domains and credentials ---------------------------------------------------------


def record_directory_waiting(connection: Connection, directory: Directory) -> None:
    """Log that a new directory waits for an administrator's approval."""
    message = f"The directory {directory} waits for approval."
    _add(new_event(Event.Kind.DIRECTORY_WAITING, connection, message))


def record_directory_moved(connection: Connection, former: str) -> None:
    """Log that a connection now has another directory as its own."""
    message = (
        f"The connection's own directory is now {connection.tenant_id} instead of {former}, whose "
        "people can no longer sign in here and whose sessions have ended."
    )
    _add(new_event(Event.Kind.DIRECTORY_MOVED, connection, message))


def record_domain_withdrawn(connection: Connection, message: str) -> None:
    """Log that a domain is no longer verified for the connection's directory."""
    _add(new_event(Event.Kind.DOMAIN_WITHDRAWN, connection, message), logging.WARNING)


def record_rotation(connection: Connection, kind: Event.Kind, message: str) -> None:
    """Log what became of a connection's credential. ``message`` holds no secret."""
    is_failure = kind == Event.Kind.ROTATION_FAILED
    _add(new_event(kind, connection, message), logging.WARNING if is_failure else logging.INFO)


def record_credential_refused(
    connection: Connection, credential: Credential, error: CredentialFailed, reference: str
) -> None:
    """Log once a minute at most which credential fails. ``reference``: the sign-in's."""
    event = new_event(
        Event.Kind.SECRET_REFUSED,
        connection,
        f"{_in_english(credential)}: {error}",
        reference=reference,
        code="secret_rejected",
    )
    if isinstance(error, MicrosoftError):
        event.aadsts_code = error.aadsts_code
        event.correlation_id = error.correlation_id
        event.trace_id = error.trace_id
    store.count(event)
    log_event(event, logging.WARNING)


def _in_english(credential: Credential) -> str:
    with override(None):
        return f"{credential.get_kind_display().capitalize()} {credential}"


# --- What administrators do at Microsoft ----------------------------------------------------------


def record_consent(request: HttpRequest, outcome: ConsentOutcome) -> None:
    """Log a callback from the consent page. Anybody with the link can cause it."""
    error = outcome.error
    event = new_event(
        Event.Kind.CONSENT_RETURNED,
        outcome.connection,
        str(error or f"The response says: granted by {_directory_named(outcome)}."),
        code="" if error is None else "consent_required",
        person=outcome.asked_by,
        aadsts_code=error.aadsts_code if error else None,
        correlation_id=error.correlation_id if error else "",
        trace_id=error.trace_id if error else "",
        is_unconfirmed=True,
        address=client_address(request),
    )
    store.count(event)
    log_event(event)


def _directory_named(outcome: ConsentOutcome) -> str:
    return f"the directory {outcome.directory}" if outcome.directory else "an unnamed directory"


def record_trial(request: HttpRequest, connection: Connection, outcome: dict[str, Any]) -> None:
    """Log that a staff member tried a connection, and whether it worked."""
    event = new_event(
        Event.Kind.TRIED,
        connection,
        f"{outcome.get('summary', '')} {outcome.get('detail', '')}".strip(),
        code=outcome.get("code", ""),
        person=request.user.get_username()[:254],
        aadsts_code=outcome.get("aadsts_code"),
        correlation_id=outcome.get("correlation_id", ""),
        trace_id=outcome.get("trace_id", ""),
        address=client_address(request),
    )
    _add(event)


def _add(event: Event, level: int = logging.INFO) -> None:
    """Store an event that only the app itself or a user of the site causes."""
    store.add(event)
    log_event(event, level)
