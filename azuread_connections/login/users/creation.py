"""Creates the user of a person who has none, by the hook ``create_user``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.db.models.signals import post_save

from ..log.failures import SignInFailed


class CreatesUsers(Protocol):
    def create_user(self, claims: Mapping[str, Any]) -> Any: ...


def create_new_user(hooks: CreatesUsers, claims: Mapping[str, Any]) -> Any:
    """Return the user that the hook ``create_user`` has made and saved.

    Raises ``SignInFailed`` if the hook returns an existing user, for example by ``get_or_create``:
    that would link a user without the checks of ``linking``.
    """
    with _noted_creations() as created:
        user = hooks.create_user(claims)
    if user is None or user.pk not in created:
        raise SignInFailed(
            "user_refused",
            detail=f"create_user returned {user!r}, which it did not create. To link an existing "
            "user, override filter_users_by_claims.",
        )
    if not user.is_active:
        raise SignInFailed("user_refused", detail="create_user returned a deactivated user.")
    return user


@contextmanager
def _noted_creations() -> Iterator[set[Any]]:
    """Collect the keys of the users that this thread creates in the block."""
    keys: set[Any] = set()
    model, thread = get_user_model(), threading.get_ident()

    def note(instance: Any, created: bool, **kwargs: Any) -> None:
        if created and isinstance(instance, model) and threading.get_ident() == thread:
            keys.add(instance.pk)

    post_save.connect(note)
    try:
        yield keys
    finally:
        post_save.disconnect(note)
