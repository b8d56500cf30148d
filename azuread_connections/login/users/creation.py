"""Creates the user of a person who has none, by the hook ``create_user``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models.signals import post_save, pre_save

from ...models import Identity
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
    if not isinstance(user, get_user_model()) or user.pk not in created:
        raise SignInFailed(
            "user_refused",
            detail=f"create_user returned {user!r}, which it did not create. To link an existing "
            "user, override filter_users_by_claims.",
        )
    return user


@contextmanager
def _noted_creations() -> Iterator[set[Any]]:
    """Collect the keys of the users that this thread creates in the block.

    Not those of rows that only extend an existing user: a model that inherits from the user's has
    the same key.
    """
    created_keys: set[Any] = set()
    earlier_keys: set[Any] = set()
    model, thread = get_user_model(), threading.get_ident()

    def is_ours(instance: Any) -> bool:
        return isinstance(instance, model) and threading.get_ident() == thread

    def before(instance: Any, **kwargs: Any) -> None:
        if is_ours(instance) and instance.pk is not None and instance.pk not in created_keys:
            earlier_keys.update(_stored_keys(instance.pk))

    def after(instance: Any, created: bool, **kwargs: Any) -> None:
        if created and is_ours(instance):
            created_keys.update({instance.pk} - earlier_keys)

    pre_save.connect(before)
    post_save.connect(after)
    try:
        yield created_keys
    finally:
        pre_save.disconnect(before)
        post_save.disconnect(after)


def _stored_keys(key: Any) -> list[Any]:
    """Return the key in a list, if there is a user with it."""
    users = get_user_model()._default_manager.using(router.db_for_write(Identity))
    return list(users.filter(pk=key).values_list("pk", flat=True))
