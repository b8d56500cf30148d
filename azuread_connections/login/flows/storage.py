"""Stores the outcome of a callback: all of it in one transaction, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, router, transaction
from django.http import HttpRequest

from ...conf import conf
from ...models import Identity
from ..log.failures import SignInFailed
from .context import CallbackContext, require_connection

Stored = TypeVar("Stored")

#: Two first sign-ins of one person can run at once. The second attempt finds the other's rows.
ATTEMPTS = 3


def store(request: HttpRequest, context: CallbackContext, write: Callable[[], Stored]) -> Stored:
    """Run ``write`` in a transaction and return its result; after a lost race, run it again.

    An exception restores the request's session and user. Raises ``SignInFailed``, and
    ``OperationalError`` if the database cannot be written.
    """
    give_up_at = time.monotonic() + conf.callback_timeout
    before = request.session.session_key, request.user, getattr(request, "auser", None)
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic(using=router.db_for_write(Identity)):
                return write()
        except Exception as error:
            _undo_login(request, *before)
            if not isinstance(error, IntegrityError | OperationalError):
                raise
            if isinstance(error, IntegrityError):
                require_connection(request, context)
            if attempts_left and time.monotonic() < give_up_at:
                continue
            if isinstance(error, OperationalError):
                raise
            # Not a race: for example a unique field of the site's own user model.
            raise SignInFailed("user_refused", detail=f"Not stored: {error}") from error
    raise AssertionError("The last attempt returns or raises.")


def _undo_login(request: HttpRequest, session_key: str | None, user: Any, auser: Any) -> None:
    """Undo what login() did to the request. The rollback undoes only a session in the database,
    and a refused person must not stay signed in."""
    request.session = type(request.session)(session_key)
    request.user = user
    if auser is not None:
        request.auser = auser  # Django 6.1's login() sets it, too
