"""A browser's first session, stored once: with the sign-in, in its transaction.

Django's ``login()`` stores a new session, still empty, so that its key is not that of the anonymous
session; its middleware stores it again at the end of the request. A browser that came without a
session has no key that somebody else could know, so one of the two is enough: one round trip to a
database instead of seven.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.db import router

from ...models.prepared_writes import Insert

#: Receivers of ``user_logged_in``, by ``dispatch_uid``, that do not read the session's key.
_INDIFFERENT = {
    "update_last_login",
    "azuread_connections.note_login",
    "azuread_provider.name_session",
}


def leave_unstored(session: Any, user: Any) -> bool:
    """Before ``login()``: keep it from storing the session, if the browser came without one.

    Returns whether it will be kept: call ``store`` then. To be called only if no ``others_listen``:
    many receivers write down the session's key, which a session that is not stored does not have.
    """
    if session.session_key is not None or SESSION_KEY in session:
        return False
    # What login() finds in a session that is this user's already.
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    if hasattr(user, "get_session_auth_hash"):
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return True


def store(session: Any) -> None:
    """Store the session. The middleware's ``save()`` does nothing unless it has changed by then.

    Raises ``IntegrityError`` if the new key belongs to another session.
    """
    if type(session) is SessionStore:
        _insert(session)
    else:
        # Another engine, or a subclass, which may do more than write one row.
        session.save()
    stored = deepcopy(dict(session.items()))

    def save_changes(*args: Any, **kwargs: Any) -> None:
        if args or kwargs or dict(session.items()) != stored:
            del session.save  # from here on the class's own
            session.save(*args, **kwargs)

    session.save = save_changes


def _insert(session: Any) -> None:
    """Give the session a new key, and store it in one statement.

    ``save()`` asks first whether the key is free, and then inserts the row in a savepoint. Neither
    is needed: two keys of 165 random bits do not collide, the primary key would refuse the second,
    and the caller's transaction is then repeated.
    """
    session.exists = lambda key: False
    try:
        row = session.create_model_instance(dict(session.items()))
    finally:
        del session.exists  # from here on the class's own
    model: Any = type(row)
    _into(model).store(row, router.db_for_write(model, instance=row))


@cache
def _into(model: Any) -> Insert:
    # Not at import: a site with another engine need not install the model's app.
    return Insert(model)


def others_listen() -> bool:
    """Return whether anybody but Django and this app listens to ``user_logged_in``.

    Any surprise counts as a yes: Django does not document how a signal keeps its receivers."""
    try:
        return not {receiver[0][0] for receiver in user_logged_in.receivers} <= _INDIFFERENT
    except (AttributeError, TypeError, IndexError, KeyError):
        return True
