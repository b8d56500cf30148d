"""The one redirect URI: it takes every callback from Microsoft, for any purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from ... import signals
from ...models import Identity
from ..log import events
from ..log.failures import SignInFailed
from ..state.sealing import BrokenSeal
from ..state.transaction import SIGN_IN, Transaction, read_cookie
from ..state.withheld import callback_parameters
from . import accounts, consent, logout, setup_consent, setup_trial, sign_in, trial
from .begin import begin_again
from .context import ConnectionEdited

Flow = Callable[[HttpRequest, Transaction], HttpResponse]

#: The purposes of a transaction, and the function that finishes each. The list is closed.
FLOWS: Mapping[str, Flow] = MappingProxyType(
    {
        SIGN_IN: sign_in.finish,
        accounts.PURPOSE: accounts.finish,
        trial.PURPOSE: trial.finish,
        consent.PURPOSE: consent.finish,
        setup_trial.PURPOSE: setup_trial.finish,
        setup_consent.PURPOSE: setup_consent.finish,
        logout.PURPOSE: logout.finish,
    }
)


def finish(request: HttpRequest, *, secure: bool) -> HttpResponse:
    """Find the transaction of a callback, mark it as used, and finish what it was begun for.

    Raises ``SignInFailed``, and ``sign_in.OtherUserSignedIn``.
    """
    transaction = _find_transaction(request, secure=secure)
    flow = FLOWS.get(transaction.purpose)
    if flow is None:
        raise SignInFailed(
            "transaction_expired",
            detail=f"Begun by another version of this app, for “{transaction.purpose}”.",
        )
    try:
        return flow(request, transaction)
    except ConnectionEdited as edited:
        return begin_again(request, edited.target, transaction, edited)


def _find_transaction(request: HttpRequest, *, secure: bool) -> Transaction:
    try:
        found = read_cookie(request, callback_parameters(request).get("state", ""), secure=secure)
    except BrokenSeal:
        found = None
    if found is None:
        raise SignInFailed("transaction_missing")
    if found.is_expired or not found.use():
        raise SignInFailed("transaction_expired", detail="It is too old, or was used before.")
    return found


def report_failure(request: HttpRequest, failed: SignInFailed) -> None:
    """Log a failure and send the signals about it.

    Lock-out tools are informed only if the person was refused: an outage must lock nobody out.
    """
    events.record_failure(request, failed)
    if failed.connection is not None and _is_failed_login(failed):
        user_login_failed.send(
            sender=__name__, credentials={"connection": failed.connection.name}, request=request
        )
    signals.sign_in_failed.send(
        Identity,
        request=request,
        connection=failed.connection,
        application=failed.application,
        code=failed.code,
        reference=failed.reference,
        stage=failed.stage.value,
    )


def _is_failed_login(failed: SignInFailed) -> bool:
    # A flow with a page to go back to, such as connecting an account, is not a log-in.
    return failed.failure.is_about_person and not failed.is_reported and not failed.back_url
