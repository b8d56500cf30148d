"""A sign-in, from the browser's return until it is sent on into the site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse

from ... import signals
from ...conf import conf
from ...entra.deadline import within
from ...models import Identity
from ..backend import site_backend
from ..log import events
from ..log.failures import SignInFailed
from ..state import session
from ..state.transaction import Transaction
from ..users.resolution import ResolvedUser, VerifiedIdentity, resolve
from ..users.trust import ConfirmationNeeded, confirm
from .begin import begin_again
from .context import CallbackContext, find_context
from .exchange import SecretSuperseded
from .identity import verify_identity
from .redirects import DestinationRedirect
from .storage import store


class OtherUserSignedIn(Exception):
    """The browser is signed in as ``current``, and this sign-in is by ``other``."""

    def __init__(self, context: CallbackContext, current: str, other: str) -> None:
        super().__init__(current, other)
        self.context = context
        self.current = current
        self.other = other


def finish(request: HttpRequest, transaction: Transaction) -> HttpResponse:
    """Sign in who came back from Microsoft, and return the redirect to where they wanted to go.

    Raises ``SignInFailed``, and ``OtherUserSignedIn`` where the person has to choose first.
    """
    context = find_context(request, transaction)
    with context.failures():
        try:
            verified = verify_identity(request, context)
        except SecretSuperseded:
            return begin_again(request, context.target, transaction)
    with context.failures(is_proven=True):
        resolved = _store(request, context, verified)
        signals.signed_in.send(
            Identity,
            request=request,
            user=resolved.user,
            identity=resolved.identity,
            connection=context.connection,
            application=context.application,
            created=resolved.created,
        )
    return DestinationRedirect(transaction.destination)


def _store(
    request: HttpRequest, context: CallbackContext, verified: VerifiedIdentity
) -> ResolvedUser:
    try:
        return store(request, context, lambda: _sign_in(request, context, verified))
    except ConfirmationNeeded as needed:
        # Rolled back by now: no row is locked while Microsoft is asked.
        confirmed = _confirmed(verified, needed.domain)
        return store(request, context, lambda: _sign_in(request, context, confirmed))


def _sign_in(
    request: HttpRequest, context: CallbackContext, verified: VerifiedIdentity
) -> ResolvedUser:
    """User, session and log line: to be called in a transaction."""
    resolved = resolve(site_backend(request, verified), verified)
    _ask_other_backends(request, resolved)
    if request.user.is_authenticated and request.user.pk != resolved.user.pk:
        # Nobody becomes another user without being asked.
        raise OtherUserSignedIn(context, str(request.user), resolved.identity.login_name)
    login(request, cast(Any, resolved.user))
    session.remember(request, context.target, resolved.identity, verified.claims)
    if resolved.linked:
        events.record_linked(context.connection, resolved.identity)
    events.record_signed_in(
        request, events.SignInRecord(context.connection, context.application, resolved.identity)
    )
    return resolved


def _ask_other_backends(request: HttpRequest, resolved: ResolvedUser) -> None:
    """Let every backend of the site refuse, such as a lock-out tool's, as at any log-in."""
    if authenticate(request, azuread_user=resolved) is None:
        raise SignInFailed(
            "user_refused", detail="Another authentication backend refused.", is_reported=True
        )


def _confirmed(verified: VerifiedIdentity, domain: str) -> VerifiedIdentity:
    with within(conf.callback_timeout):
        return replace(verified, trust=confirm(verified.connection, verified.trust, domain))
