"""Django's note of when a user last signed in, as a statement compiled in advance.

A receiver of ``user_logged_in`` saves the user with ``update_fields=["last_login"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.db.models import Model
from django.db.models.signals import post_save, pre_save

from ...models.prepared_writes import Update

_FIELD = "last_login"


@contextmanager
def compiled_last_login(user: Any) -> Iterator[None]:
    """Within the block, let a ``save`` of ``last_login`` alone be a compiled UPDATE.

    Only of a user that Django itself would save in one statement: not where a class of the model
    has a ``save`` of its own, or where something listens for its signals.
    """
    model: Any = user.__class__  # also of a lazy object
    listeners = any(signal.has_listeners(model) for signal in (pre_save, post_save))
    if listeners or not _is_plain(model):
        yield
        return

    def save(*args: Any, **kwargs: Any) -> None:
        is_last_login = not args and kwargs == {"update_fields": [_FIELD]}
        using = router.db_for_write(model, instance=user)
        if not (is_last_login and _update_of(model).store(user, using)):
            # Something else, or the row is gone, of which Django raises its own error.
            model.save(user, *args, **kwargs)

    user.save = save
    try:
        yield
    finally:
        del user.save


def _is_plain(model: Any) -> bool:
    """Return whether only Django saves it, and the column is in the model's own table."""
    saving = {each for each in model.__mro__ if vars(each).keys() & {"save", "save_base"}}
    own_columns = {each.name for each in model._meta.local_concrete_fields}
    return saving == {AbstractBaseUser, Model} and _FIELD in own_columns


@cache
def _update_of(model: Any) -> Update:
    return Update(model, _FIELD)
