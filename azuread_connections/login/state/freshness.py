"""How long ago the user of a session has logged in, by whatever backend."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

#: Seconds for which a login counts as "just now". Somebody who finds an open session must not tie
#: an account of their own to it, and come back with that for good.
FRESH_FOR = 600
_SESSION_KEY = "azuread_login_at"


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
