"""What a Django user may do, from wherever it comes: the user, groups, any backend."""

from __future__ import annotations

from copy import copy
from typing import Any


def held_permissions(user: Any) -> set[str]:
    """Return all permissions of a user, as if the user were active.

    Django gives a deactivated user none; but they are back as soon as somebody activates the user.
    A superuser holds all there are, whatever this returns.
    """
    if not hasattr(user, "get_all_permissions"):
        return set()
    # A copy: what Django remembers of permissions stays in it.
    asked = copy(user)
    asked.is_active = True
    return set(asked.get_all_permissions())
