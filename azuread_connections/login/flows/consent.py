"""The administrator's consent: the request, and the response, which proves nothing by itself.

https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ...entra.cloud import ORGANIZATIONS, V1
from ...entra.errors import IssuerMismatch, MicrosoftError
from ...entra.tokens import admin_consent_url
from ...microsoft import client as microsoft
from ...models import Connection
from ...models.validators import is_guid
from ..log import events
from ..log.events import ConsentOutcome
from ..log.failures import SignInFailed, from_entra
from ..lookup import addresses
from ..state import sealing
from ..state.transaction import Transaction
from ..state.withheld import callback_parameters
from .begin import new_transaction, redirect_with_transaction_cookie
from .identity import check_named_issuers, named_issuers

PURPOSE = "consent"
#: Begins the state of a link that was copied for an administrator who has no session here.
LINK_PREFIX = "link."
#: Seconds for which such a link is valid.
LINK_LIFETIME = 14 * 24 * 3600
_SESSION_KEY = "azuread_consent"


def begin(request: HttpRequest, connection: Connection, return_path: str) -> HttpResponse:
    """Send a staff member to Microsoft's consent page; they come back to ``return_path``."""
    redirect_uri = addresses.callback_url(request)
    begun = new_transaction(
        connection,
        connection.sign_in_segment,
        redirect_uri,
        purpose=PURPOSE,
        destination=return_path,
    )
    return redirect_with_transaction_cookie(
        request, begun, consent_url(connection, redirect_uri, begun.state)
    )


def link_for_administrator(
    request: HttpRequest,
    connection: Connection,
    *,
    asked_by: str = "",
    lifetime: float = LINK_LIFETIME,
) -> str:
    """Return an address to send to a directory's administrator, who has no session here.

    ``asked_by``: how the log names who asked, the request's user if "". ``lifetime``: in seconds.
    """
    state = LINK_PREFIX + sealing.seal(
        PURPOSE,
        [
            connection.pk,
            asked_by or request.user.get_username(),
            int(time.time() + min(lifetime, LINK_LIFETIME)),
        ],
    )
    return consent_url(connection, addresses.callback_url(request), state)


def is_link_state(state: str) -> bool:
    return state.startswith(LINK_PREFIX)


def finish(request: HttpRequest, found: Transaction) -> HttpResponse:
    """Redirect a staff member back to where they began, with the outcome in their session."""
    connection = Connection._default_manager.filter(pk=found.connection_id).first()
    if connection is None:
        raise SignInFailed("connection_disabled", detail="Deleted while consent was requested.")
    outcome = read_answer(request, connection, request.user.get_username())
    note(request, outcome)
    request.session[_SESSION_KEY] = _describe(outcome)
    return HttpResponseRedirect(found.destination)


def finish_link(request: HttpRequest) -> ConsentOutcome:
    """Log the callback of a copied link. Raises ``SignInFailed`` for an invalid one."""
    connection_id, asked_by, good_until = _unseal(callback_parameters(request).get("state", ""))
    if time.time() > good_until:
        raise SignInFailed("transaction_expired", detail="The consent link is too old.")
    connection = Connection._default_manager.filter(pk=connection_id).first()
    if connection is None:
        raise SignInFailed("connection_disabled", detail="The link's connection was deleted.")
    outcome = read_answer(request, connection, asked_by)
    note(request, outcome)
    return outcome


def pop_outcome(request: HttpRequest) -> dict[str, Any] | None:
    """Return the outcome of the last consent of this session, once.

    ``connection`` (its key), ``granted`` (a bool), ``message`` (a sentence).
    """
    match request.session.pop(_SESSION_KEY, None):
        case {"connection": int(key), "granted": bool(granted), "message": str(message)}:
            return {"connection": key, "granted": granted, "message": message}
    # None, or stored by another version of this app.
    return None


def _unseal(state: str) -> tuple[int, str, int]:
    """Return what a link holds: the connection's key, who asked, until when it is valid."""
    try:
        match sealing.unseal(PURPOSE, state.removeprefix(LINK_PREFIX)):
            case [int(connection_id), str(asked_by), int(good_until)]:
                return connection_id, asked_by, good_until
    except sealing.BrokenSeal:
        pass
    # Not sealed by this site, or sealed by another version of this app.
    raise SignInFailed("transaction_missing", detail="Not a consent link of ours.")


def consent_url(connection: Connection, redirect_uri: str, state: str) -> str:
    """Return the address of Microsoft's consent page for a connection."""
    return admin_consent_url(
        microsoft.authority(connection.cloud, _segment(connection), connection.identity_api),
        client_id=connection.client_id,
        redirect_uri=redirect_uri,
        state=state,
    )


def _segment(connection: Connection) -> str:
    # The consent page of v2.0 refuses `common`.
    if not connection.use_common_endpoint:
        return connection.directory
    return "common" if connection.identity_api == V1 else ORGANIZATIONS


def read_answer(request: HttpRequest, connection: Connection, asked_by: str) -> ConsentOutcome:
    """Read the response. `admin_consent=True` comes with errors too, so the error decides."""
    try:
        check_named_issuers(connection, named_issuers(request))
    except IssuerMismatch as mismatch:
        raise from_entra(mismatch) from mismatch
    answer = callback_parameters(request)
    error = None
    if "error" in answer:
        error = MicrosoftError.from_redirect(answer)
    elif answer.get("admin_consent", "").lower() != "true":
        error = MicrosoftError("no_answer", "The consent page returned no answer.")
    tenant = answer.get("tenant", "")
    # Anybody can write this parameter, and PostgreSQL refuses a NUL.
    directory = tenant.lower() if is_guid(tenant) else ""
    return ConsentOutcome(connection, asked_by[:254], directory, error)


def note(request: HttpRequest, outcome: ConsentOutcome) -> None:
    """Log an answer, and store when a directory's was last said to be granted."""
    events.record_consent(request, outcome)
    if outcome.is_granted:
        outcome.connection.directories.filter(tenant_id=outcome.directory).update(
            consent_returned_at=timezone.now(), consent_asked_by=outcome.asked_by
        )


def _describe(outcome: ConsentOutcome) -> dict[str, Any]:
    if outcome.error is not None:
        message = _("Consent was not granted: %(why)s") % {"why": outcome.error}
    else:
        message = _(
            "Microsoft says that consent was granted. This is certain once somebody of the "
            "directory signs in, or once Graph answers."
        )
    return {
        "connection": outcome.connection.pk,
        "granted": outcome.is_granted,
        "message": message,
    }
