"""Consent asked for in a set-up. The response proves nothing: see ``consent``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from ...entra.text import storable
from ...models import SetupSession
from ..state.transaction import Transaction
from . import consent
from .begin import redirect_with_transaction_cookie
from .setup_session import (
    connection_of,
    is_current,
    keep,
    new_setup_transaction,
    require_session,
    state_with_step,
)

PURPOSE = "setup_consent"


@dataclass(frozen=True)
class ConsentAnswer:
    """What the browser brought back from the consent page. Anybody could write it.

    ``directory``: the GUID of the directory that it names, "" for none. ``detail``: Microsoft's
    text if it was not granted.
    """

    is_granted: bool
    directory: str
    aadsts_code: int | None
    detail: str


def begin(request: HttpRequest, session: SetupSession, step: str) -> HttpResponse:
    """Send the browser to Microsoft's consent page and back to the page of ``step``."""
    begun, redirect_uri = new_setup_transaction(request, session, PURPOSE, step)
    url = consent.consent_url(
        connection_of(session), redirect_uri, state_with_step(begun, session, step)
    )
    return redirect_with_transaction_cookie(request, begun, url)


def finish(request: HttpRequest, found: Transaction) -> HttpResponse:
    """Redirect the browser back to the step, with the answer in the row of its opening.

    Raises ``SignInFailed`` for another opening than the one that began.
    """
    session = require_session(request, found)
    outcome = consent.read_answer(request, connection_of(session), asked_by(session))
    consent.note(request, outcome)
    error = outcome.error
    answer: dict[str, Any] = {
        "fingerprint": found.fingerprint,
        "at": timezone.now().isoformat(),
        "granted": outcome.is_granted,
        "directory": outcome.directory,
        "aadsts_code": error.aadsts_code if error else None,
        "detail": storable(str(error)) if error else "",
    }
    keep(session, consent=answer)
    return HttpResponseRedirect(found.destination)


def asked_by(session: SetupSession) -> str:
    """Return how the log names who asked."""
    return f"set-up link {session.link.reference}"


def last_answer(request: HttpRequest, session: SetupSession) -> ConsentAnswer | None:
    """Return the last answer of this opening; None if there is none, or if the connection was
    edited since."""
    stored = session.consent
    if not isinstance(stored, dict) or not is_current(request, stored, connection_of(session)):
        return None
    match stored:
        case {
            "granted": bool(granted),
            "directory": str(directory),
            "aadsts_code": (int() | None) as code,
            "detail": str(detail),
        }:
            return ConsentAnswer(granted, directory, code, detail)
    return None  # stored by another version of this app
