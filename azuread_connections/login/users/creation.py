"""A new user for a person who has none, by the site's own hook or by ours."""

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

    Raises ``SignInFailed`` for a user who was there before: that would link a user by none of the
    rules of ``linking``. A site's hook may look one up first, as ``get_or_create`` does.
    """
    with _noted_creations() as created:
        user = hooks.create_user(claims)
    if user is None or user.pk not in created:
        raise SignInFailed(
            "user_refused",
            detail=f"create_user returned {user!r}, whom it has not created. Existing users are "
            "found by filter_users_by_claims.",
        )
    if not user.is_active:
        raise SignInFailed("user_refused", detail="create_user returned a deactivated user.")
    return user


@contextmanager
def _noted_creations() -> Iterator[set[Any]]:
    """Collect the keys of the users that are created in the block, by this thread."""
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
