"""A sign-in, from the callback to the redirect into the site."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse

from ... import signals
from ...models import Identity
from ..backend import site_backend
from ..log import events
from ..log.failures import SignInFailed
from ..state import new_session, session
from ..state.transaction import Transaction
from ..users.identities import VerifiedIdentity, groups_kept_of_refused
from ..users.last_login import compiled_last_login
from ..users.resolution import ResolvedUser, resolve
from ..users.trust import ConfirmationNeeded
from .begin import begin_again
from .context import CallbackContext, find_context
from .exchange import SecondTry
from .identity import confirm_domain, verify_identity
from .redirects import DestinationRedirect
from .step_up import require_proof
from .storage import store


class OtherUserSignedIn(Exception):
    """The session belongs to the user ``current``, and ``other`` has signed in at Microsoft."""

    def __init__(self, context: CallbackContext, current: str, other: str) -> None:
        super().__init__(current, other)
        self.context = context
        self.current = current
        self.other = other


def finish(request: HttpRequest, transaction: Transaction) -> HttpResponse:
    """Sign in the person who came back from Microsoft; return the redirect to their destination.

    Raises ``SignInFailed``, and ``OtherUserSignedIn`` if the session belongs to another user.
    """
    context = find_context(request, transaction)
    with context.failures():
        try:
            verified = verify_identity(request, context)
            require_proof(context.connection, transaction, verified.claims)
        except SecondTry as reason:
            return begin_again(request, context.target, transaction, reason)
    with context.failures(is_proven=True), groups_kept_of_refused(verified):
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
    return DestinationRedirect(context.destination)


def _store(
    request: HttpRequest, context: CallbackContext, verified: VerifiedIdentity
) -> ResolvedUser:
    try:
        return store(request, context, lambda: _sign_in(request, context, verified))
    except ConfirmationNeeded as needed:
        # The transaction is rolled back, so no row is locked while Microsoft is asked.
        confirmed = confirm_domain(verified, needed.domain)
        return store(request, context, lambda: _sign_in(request, context, confirmed))


def _sign_in(
    request: HttpRequest, context: CallbackContext, verified: VerifiedIdentity
) -> ResolvedUser:
    """Store user, session and event. To be called in a transaction."""
    resolved = resolve(site_backend(request, verified), verified)
    _ask_other_backends(request, resolved)
    if request.user.is_authenticated and request.user.pk != resolved.user.pk:
        # The session changes to another user only after the person has agreed.
        raise OtherUserSignedIn(context, str(request.user), resolved.identity.login_name)
    others_listen = new_session.others_listen()
    is_unstored = not others_listen and new_session.leave_unstored(request.session, resolved.user)
    with nullcontext() if others_listen else compiled_last_login(resolved.user):
        login(request, cast(Any, resolved.user))
    session.remember(
        request,
        context.target,
        resolved.identity,
        verified.claims,
        acr=context.transaction.step_up.acr,
    )
    if is_unstored:
        new_session.store(request.session)
    if resolved.linked:
        events.record_linked(context.connection, resolved.identity)
    events.record_signed_in(
        request, events.SignInRecord(context.connection, context.application, resolved.identity)
    )
    return resolved


def _ask_other_backends(request: HttpRequest, resolved: ResolvedUser) -> None:
    """Let the site's other backends refuse, such as a lock-out tool's, as at any log-in."""
    if authenticate(request, azuread_user=resolved) is None:
        raise SignInFailed(
            "user_refused", detail="Another authentication backend refused.", is_reported=True
        )
