"""A signed-in user connects and disconnects their own Microsoft accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import router
from django.db.transaction import atomic
from django.http import HttpRequest, HttpResponse

from ...models import Identity
from ..backend import site_backend
from ..log import events
from ..log.failures import SignInFailed
from ..state.transaction import Transaction
from ..users import resolution
from ..users.identities import VerifiedIdentity, groups_kept_of_refused
from .begin import begin_again
from .context import CallbackContext, find_context, require_connection
from .exchange import SecondTry
from .identity import verify_identity
from .redirects import DestinationRedirect
from .step_up import require_proof
from .storage import store

PURPOSE = "connect"


@dataclass(frozen=True)
class Account:
    """An identity of the user. ``can_disconnect``: the user has another way to sign in."""

    identity: Identity
    can_disconnect: bool


def accounts(request: HttpRequest) -> list[Account]:
    """Return the Microsoft accounts that are tied to the request's user."""
    user = cast(AbstractBaseUser, request.user)
    tied = list(_tied_to(user).select_related("connection"))
    has_another_way = len(tied) > 1 or _has_password(user)
    return [Account(identity, has_another_way) for identity in tied]


def finish(request: HttpRequest, transaction: Transaction) -> HttpResponse:
    """Tie the identity of who came back from Microsoft to the user who began to connect.

    The session does not count as a sign-in by the connection. Raises ``SignInFailed``.
    """
    context = find_context(request, transaction, back_url=transaction.destination)
    with context.failures():
        try:
            verified = verify_identity(request, context)
            require_proof(context.connection, transaction, verified.claims)
        except SecondTry as reason:
            return begin_again(request, context.target, transaction, reason)
    with context.failures(is_proven=True), groups_kept_of_refused(verified):
        if str(request.user.pk or "") != transaction.subject:
            raise SignInFailed("transaction_expired", detail="Another user began to connect.")
        store(request, context, lambda: _connect(request, context, verified))
    return DestinationRedirect(transaction.destination)


def _connect(request: HttpRequest, context: CallbackContext, verified: VerifiedIdentity) -> None:
    """Store identity and event. To be called in a transaction."""
    require_connection(request, context)
    identity = resolution.connect(site_backend(request, verified), verified, request.user)
    events.record_connected(context.connection, identity)


def disconnect(request: HttpRequest, key: str) -> None:
    """Untie one of the user's accounts, unless it is their only way to sign in.

    Sessions that it signed in end. Raises ``SignInFailed``.
    """
    user = cast(AbstractBaseUser, request.user)
    with atomic(using=router.db_for_write(Identity)):
        # All are locked: two requests at once must not remove the last two accounts.
        tied = {str(identity.pk): identity for identity in _tied_to(user).select_for_update()}
        identity = tied.get(key)
        if identity is None:
            return
        if len(tied) == 1 and not _has_password(user):
            raise SignInFailed("user_refused", detail="It is the user's only way to sign in.")
        events.record_disconnected(identity)
        identity.delete()


def _has_password(user: AbstractBaseUser) -> bool:
    # Django calls an empty password usable, but nobody can sign in with it.
    return bool(user.password) and user.has_usable_password()


def _tied_to(user: Any) -> Any:
    return Identity._default_manager.filter(user=user).order_by("created_at", "pk")
