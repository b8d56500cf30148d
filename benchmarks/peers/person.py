"""The person who is signed in at the other providers, and their session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore

from benchmarks.peers import DOMAIN


def create() -> Any:
    """Return a user with the names and the address that the stand-in's person has."""
    users: Any = get_user_model()._default_manager
    address = f"adele0@{DOMAIN}"
    user = users.create_user(address, address, first_name="Adele", last_name="Vance 0")
    user.set_unusable_password()
    user.save()
    return user


def session_of(user: Any) -> str:
    """Sign a user in; return the cookie of their browser."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
