"""Try: a staff member goes through a real sign-in, which signs nobody in and creates no user."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ...models import Connection
from ..backend import site_backend
from ..log import events
from ..log.failures import FAILURES, SignInFailed
from ..lookup import addresses
from ..state.transaction import Transaction
from ..users import resolution
from ..users.identities import VerifiedIdentity
from ..users.trust import ConfirmationNeeded
from .begin import (
    new_transaction,
    redirect_with_transaction_cookie,
    sign_in_url,
)
from .exchange import ClaimsChallenged
from .identity import confirm_domain
from .trial_run import rolled_back, run

PURPOSE = "try"
_SESSION_KEY = "azuread_trials"
#: Trials that a session remembers: as many as a browser has transaction cookies.
_MAX_TRIALS = 4
_LONGEST_SESSION = timedelta(days=400)


def begin(
    request: HttpRequest,
    connection: Connection,
    return_path: str,
    *,
    prompt: str = "",
    again: ClaimsChallenged | None = None,
) -> HttpResponse:
    """Send a staff member to Microsoft and back to ``return_path``. ``prompt``: see
    ``begin.Start``. ``again``: the challenge for which they are sent there once more."""
    redirect_uri = addresses.callback_url(request)
    begun = new_transaction(
        connection,
        connection.sign_in_segment,
        redirect_uri,
        purpose=PURPOSE,
        destination=return_path,
        is_retry=again is not None,
    )
    _keep(
        request,
        {
            "state": begun.state,
            "connection": connection.pk,
            "user": str(request.user.pk),
            "begun_at": timezone.now().isoformat(),
            "outcome": None,
        },
    )
    url = sign_in_url(
        connection,
        begun,
        redirect_uri,
        prompt=prompt,
        challenge=again.challenge if again else "",
        was_asked=again is not None and again.was_asked,
    )
    return redirect_with_transaction_cookie(request, begun, url)


def finish(request: HttpRequest, found: Transaction) -> HttpResponse:
    """Redirect the staff member back, with the outcome in their session and nowhere else.

    Raises ``SignInFailed`` for any other user, before anything is asked, logged or stored: the next
    user of the same browser must not read an outcome of the one before.
    """
    begun = next((each for each in _trials(request) if each["state"] == found.state), None)
    if begun is None:
        raise SignInFailed("transaction_expired", detail="Another user began this trial.")
    connection = Connection._default_manager.filter(pk=found.connection_id).first()
    if connection is None:
        raise SignInFailed("connection_disabled", detail="Deleted during the trial.")
    try:
        outcome = run(request, connection, found, partial(_conclude, request))
    except ClaimsChallenged as challenged:
        return begin(request, connection, found.destination, again=challenged)
    events.record_trial(request, connection, outcome)
    _keep(request, begun | {"outcome": outcome})
    return HttpResponseRedirect(found.destination)


def outcome_of(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """Return the outcome of this user's last trial of a connection, or None.

    See ``trial_run.run``. ``user``: a sentence, which user it would be and why.
    """
    last = _last(request, connection)
    outcome: dict[str, Any] | None = last["outcome"] if last else None
    return outcome


def open_since(request: HttpRequest, connection: Connection) -> datetime | None:
    """Return when this user's last trial of a connection began, if it has no outcome yet.

    Microsoft shows some errors on its own page and does not redirect: nothing else is known then.
    """
    last = _last(request, connection)
    if last is None or last["outcome"] is not None:
        return None
    return _recent(last["begun_at"])


def _last(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    of_this = [each for each in _trials(request) if each["connection"] == connection.pk]
    return of_this[-1] if of_this else None


def _trials(request: HttpRequest) -> list[dict[str, Any]]:
    """Return this user's trials in this session; the one that began or ended last comes last."""
    stored = request.session.get(_SESSION_KEY)
    readable = [each for each in stored if _is_trial(each)] if isinstance(stored, list) else []
    return [each for each in readable if each["user"] == str(request.user.pk)]


def _is_trial(stored: Any) -> bool:
    """Return whether this is a trial in the form of this version of the app."""
    match stored:
        case {
            "state": str(),
            "connection": int(),
            "user": str(),
            "begun_at": str(),
            "outcome": outcome,
        }:
            return outcome is None or _is_outcome(outcome)
    return False


def _recent(text: str) -> datetime | None:
    """Return a stored time, if a session can be that old."""
    try:
        begun, now = parse_datetime(text), timezone.now()
        return begun if begun and abs(now - begun) < _LONGEST_SESSION else None
    except (TypeError, ValueError):  # stored under another USE_TZ; not a time
        return None


def _is_outcome(stored: Any) -> bool:
    texts = ("code", "summary", "detail", "correlation_id", "trace_id", "user")
    kinds = {"claims": dict, "profile": dict, "groups": list, "roles": list, "problems": list}
    return (
        isinstance(stored, dict)
        and all(isinstance(stored.get(name, ""), str) for name in texts)
        and all(isinstance(stored.get(name, kind()), kind) for name, kind in kinds.items())
        and isinstance(stored.get("aadsts_code"), int | None)
        and isinstance(stored.get("works"), bool)
        # A success names the user; a failure has a code that this version knows.
        and ("user" in stored if stored["works"] else stored.get("code") in FAILURES)
    )


def _keep(request: HttpRequest, trial: dict[str, Any]) -> None:
    """Store a trial, and drop older outcomes of the same connection: only the last is shown, and a
    session may have to fit into a cookie."""
    others = [
        each
        for each in _trials(request)
        if each["state"] != trial["state"]
        and (each["outcome"] is None or each["connection"] != trial["connection"])
    ]
    request.session[_SESSION_KEY] = [*others, trial][-_MAX_TRIALS:]


def _conclude(request: HttpRequest, verified: VerifiedIdentity) -> dict[str, str]:
    """Say who the person would be."""
    try:
        with rolled_back():
            return {"user": resolution.preview(site_backend(request, verified), verified)}
    except ConfirmationNeeded as needed:
        return _conclude(request, confirm_domain(verified, needed.domain))
