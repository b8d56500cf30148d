"""Whether the user of a session has just logged in, by any backend."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

#: Seconds for which a login is fresh. Somebody who finds an open session must not be able to
#: connect their own account to its user, and so keep access.
FRESH_FOR = 600
_SESSION_KEY = "azuread_login_at"


def note_login(request: HttpRequest | None, **kwargs: Any) -> None:
    """Store the time of a login in the session. A receiver of Django's ``user_logged_in``."""
    session = getattr(request, "session", None)
    if session is not None:
        session[_SESSION_KEY] = int(time.time())


def is_login_fresh(request: HttpRequest) -> bool:
    """Return whether the user of this session has signed in within the last ten minutes."""
    begun_at: Any = request.session.get(_SESSION_KEY)
    # Another version of this app may have stored a value of another type.
    is_time = type(begun_at) in {int, float}
    return is_time and bool(time.time() - begun_at < FRESH_FOR)
