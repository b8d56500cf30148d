"""All permissions of a Django user: their own, those of groups, and those of any backend."""

from __future__ import annotations

from copy import copy
from typing import Any


def held_permissions(user: Any) -> set[str]:
    """Return all permissions of a user, as if the user were active.

    Django gives a deactivated user none, but they return when somebody activates the user. A
    superuser holds all permissions, whatever this returns.
    """
    if not hasattr(user, "get_all_permissions"):
        return set()
    # A copy, because Django caches permissions on the object.
    asked = copy(user)
    asked.is_active = True
    return set(asked.get_all_permissions())
