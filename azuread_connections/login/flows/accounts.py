"""A signed-in user's own Microsoft accounts: tied to them by themselves, and untied."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, OperationalError, router, transaction
from django.http import HttpRequest

from ...models import Identity
from ..backend import Proof
from ..log import events
from ..log.failures import SignInFailed
from ..users import people
from .callback import ATTEMPTS, Return, require_pair

PURPOSE = "connect"
#: Seconds for which a login counts as "just now". Somebody who finds an open session must not tie
#: an account of their own to it, and come back with that for good.
FRESH_FOR = 600
_SESSION_KEY = "azuread_login_at"


@dataclass(frozen=True)
class Account:
    """An identity of the user. ``may_go``: there is another way to sign in."""

    identity: Identity
    may_go: bool


def note_login(request: HttpRequest | None, **kwargs: Any) -> None:
    """Note in the session when it began. A receiver of Django's ``user_logged_in``."""
    session = getattr(request, "session", None)
    if session is not None:
        session[_SESSION_KEY] = int(time.time())


def is_login_fresh(request: HttpRequest) -> bool:
    """Return whether the user of this session has signed in within the last ten minutes."""
    begun_at: Any = request.session.get(_SESSION_KEY)
    # What another version of this app has stored may be anything.
    is_time = type(begun_at) in {int, float}
    return is_time and bool(time.time() - begun_at < FRESH_FOR)


def accounts(request: HttpRequest) -> list[Account]:
    """Return the Microsoft accounts that are tied to the request's user."""
    user = cast(AbstractBaseUser, request.user)
    tied = list(_tied_to(user).select_related("connection"))
    has_another_way = len(tied) > 1 or _has_password(user)
    return [Account(identity, has_another_way) for identity in tied]


def connect(request: HttpRequest, returned: Return, proof: Proof) -> None:
    """Tie who came back from Microsoft to the user who asked for it, and to nobody else.

    The session goes on as it began: it is not proven by the connection. Raises ``SignInFailed``.
    """
    if str(request.user.pk or "") != returned.transaction.subject:
        raise SignInFailed("transaction_expired", detail="Another user began to connect.")
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic(using=router.db_for_write(Identity)):
                require_pair(request, returned)
                identity = people.connect(proof.visitor, request.user)
                events.record_connected(returned.connection, identity)
            return
        except (IntegrityError, OperationalError) as error:
            if isinstance(error, IntegrityError):
                require_pair(request, returned)
            if attempts_left:
                continue
            if isinstance(error, OperationalError):
                raise
            # No race, then: a constraint or a receiver of the site's own, for example.
            raise SignInFailed("user_refused", detail=f"Not stored: {error}") from error


def disconnect(request: HttpRequest, key: str) -> None:
    """Untie one of the user's accounts, unless it is their only way to sign in.

    The sessions that it had proven end. Raises ``SignInFailed``.
    """
    user = cast(AbstractBaseUser, request.user)
    with transaction.atomic(using=router.db_for_write(Identity)):
        # All of them are locked: two at once must not take away both ways.
        tied = {str(identity.pk): identity for identity in _tied_to(user).select_for_update()}
        identity = tied.get(key)
        if identity is None:
            return
        if len(tied) == 1 and not _has_password(user):
            raise SignInFailed("user_refused", detail="It is the user's only way to sign in.")
        events.record_disconnected(identity)
        identity.delete()


def _has_password(user: AbstractBaseUser) -> bool:
    # Django calls an empty one usable, though nobody signs in with it.
    return bool(user.password) and user.has_usable_password()


def _tied_to(user: Any) -> Any:
    return Identity._default_manager.filter(user=user).order_by("created_at", "pk")
