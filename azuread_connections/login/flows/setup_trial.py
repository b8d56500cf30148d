"""The trial of a set-up: a customer's administrator goes through a real sign-in.

It signs nobody in, creates no user, and says nothing about the site's users. The outcome is kept in
the row of the opening that began it, so that no other browser, link or user reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ...entra.text import storable
from ...models import SetupSession
from ..backend import site_backend
from ..log import setup_events
from ..log.failures import FAILURES
from ..state.transaction import Transaction
from ..users import resolution
from ..users.identities import VerifiedIdentity
from .begin import redirect_with_transaction_cookie, sign_in_url
from .exchange import ClaimsChallenged
from .setup_session import (
    connection_of,
    fingerprint,
    is_current,
    keep,
    new_setup_transaction,
    require_session,
    state_with_step,
    step_of,
)
from .trial_run import rolled_back, run

PURPOSE = "setup_try"
#: What is kept of an outcome. Not ``summary``: it describes this site's credentials.
_KEPT = (
    *("works", "profile", "groups", "problems", "is_guest"),
    *("code", "aadsts_code", "detail", "correlation_id", "trace_id"),
)
_KINDS: dict[str, Any] = {
    "profile": dict,
    "groups": list,
    "problems": list,
    "is_guest": bool,
    "code": str,
    "aadsts_code": int | None,
    "detail": str,
    "correlation_id": str,
    "trace_id": str,
}


@dataclass(frozen=True)
class Trial:
    """The last trial of an opening. ``outcome``: None until Microsoft sends the browser back; else
    as ``trial_run.run`` returns it, without claims and summary, and with ``is_guest``."""

    begun_at: datetime | None
    outcome: Mapping[str, Any] | None

    @property
    def works(self) -> bool:
        return self.outcome is not None and self.outcome["works"]


def begin(
    request: HttpRequest,
    session: SetupSession,
    step: str,
    *,
    prompt: str = "",
    again: ClaimsChallenged | None = None,
) -> HttpResponse:
    """Send the browser to Microsoft and back to the page of ``step``. ``prompt``: see ``Start``.
    ``again``: the challenge for which it is sent there once more."""
    connection = connection_of(session)
    begun, redirect_uri = new_setup_transaction(
        request, session, PURPOSE, step, is_retry=again is not None
    )
    keep(session, trial=_begun(fingerprint(connection, redirect_uri)))
    url = sign_in_url(
        connection,
        begun,
        redirect_uri,
        prompt=prompt,
        state=state_with_step(begun, session, step),
        challenge=again.challenge if again else "",
        was_asked=again is not None and again.was_asked,
    )
    return redirect_with_transaction_cookie(request, begun, url)


def finish(request: HttpRequest, found: Transaction) -> HttpResponse:
    """Redirect the browser back to the step, with the outcome in the row of its opening.

    Raises ``SignInFailed`` for another opening than the one that began.
    """
    session = require_session(request, found)
    try:
        outcome = run(request, connection_of(session), found, partial(_conclude, request))
    except ClaimsChallenged as challenged:
        return begin(request, session, step_of(found), again=challenged)
    setup_events.record_trial(request, session.link, outcome)
    keep(session, trial=_begun(found.fingerprint) | {"outcome": _as_kept(outcome)})
    return HttpResponseRedirect(found.destination)


def last_trial(request: HttpRequest, session: SetupSession) -> Trial | None:
    """Return the last trial of this opening; None if there is none, or if the connection was
    edited since."""
    stored = session.trial
    if not isinstance(stored, dict) or not is_current(request, stored, connection_of(session)):
        return None
    outcome = stored.get("outcome")
    # Anything else was stored by another version of this app.
    if outcome is not None and not _is_outcome(outcome):
        return None
    return Trial(_moment(stored.get("begun_at")), outcome)


def _conclude(request: HttpRequest, verified: VerifiedIdentity) -> dict[str, Any]:
    with rolled_back():
        resolution.check_policies(site_backend(request, verified), verified)
    return {}


def _begun(made_with: str) -> dict[str, Any]:
    return {
        "fingerprint": made_with,
        "begun_at": timezone.now().isoformat(),
        "outcome": None,
    }


def _as_kept(outcome: dict[str, Any]) -> dict[str, Any]:
    kept = {name: outcome[name] for name in _KEPT if name in outcome}
    if outcome.get("code") == "secret_rejected" and not outcome.get("aadsts_code"):
        # It can name files and services of this site.
        kept["detail"] = ""
    storable_copy: dict[str, Any] = _storable(kept)
    return storable_copy


def _storable(value: Any) -> Any:
    """Return a JSON value that every database stores: Microsoft's texts can hold anything."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(name)): _storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value


def _is_outcome(stored: Any) -> bool:
    return (
        isinstance(stored, dict)
        and isinstance(stored.get("works"), bool)
        and all(isinstance(stored[name], kind) for name, kind in _KINDS.items() if name in stored)
        and ("profile" in stored if stored["works"] else stored.get("code") in FAILURES)
    )


def _moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(text)
    except (TypeError, ValueError):
        return None
