"""Ends the tokens of a browser's session with the session.

A session has a name for this, because Django's own key changes at each log-in, and a new sign-in by
the same connection takes the place of the one before.
"""

from __future__ import annotations

import re
import secrets
from functools import partial
from typing import Any

from django.db import router, transaction
from django.http import HttpRequest

from . import endings, logout_delivery
from .models import Authorization

_KEY = "azuread_provider_session"
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")


def name_session(request: HttpRequest | None, **kwargs: Any) -> None:
    """Give the session a name. A receiver of Django's ``user_logged_in``."""
    session = getattr(request, "session", None)
    if session is not None and not _NAME.fullmatch(str(session.get(_KEY, ""))):
        session[_KEY] = secrets.token_urlsafe(16)


def name_of(request: HttpRequest) -> str:
    """Return the session's name, or "" for a session that was begun without this sub-app."""
    name = str(request.session.get(_KEY, ""))
    return name if _NAME.fullmatch(name) else ""


def end_tokens(request: HttpRequest | None, **kwargs: Any) -> None:
    """End all tokens of clients that this session has signed in to, and tell those clients. A
    receiver of Django's ``user_logged_out``, which is sent before the session is emptied."""
    if request is None or not hasattr(request, "session"):
        return
    if notices := endings.end(authorizations_of(request)):
        transaction.on_commit(
            partial(logout_delivery.send_at_once, notices),
            using=router.db_for_write(Authorization),
            robust=True,
        )


def authorizations_of(request: HttpRequest) -> Any:
    """Return what this session has been used for, also where the client has ended its tokens."""
    name = name_of(request)
    rows = Authorization.objects.using(router.db_for_write(Authorization))
    found = rows.filter(browser_session=name).select_related("identity", "client")
    return found if name else found.none()
