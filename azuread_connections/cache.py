"""A cache that is allowed to fail: a sign-in without it is slower, not impossible."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import BaseCache

logger = logging.getLogger("azuread_connections")


class ForgivingCache:
    """Django's cache; while it cannot be reached, like one that was just emptied."""

    def __init__(self, cache: BaseCache) -> None:
        self._cache = cache

    def get(self, key: str) -> Any:
        try:
            return self._cache.get(key)
        except Exception:
            return self._failed(None)

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        try:
            self._cache.set(key, value, timeout)
        except Exception:
            self._failed(None)

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        """Store what is not there yet; return whether it was missing."""
        try:
            return bool(self._cache.add(key, value, timeout))
        except Exception:
            return bool(self._failed(True))

    def incr(self, key: str) -> int:
        """Return the counter's new value. Raises ``ValueError`` if there is none."""
        try:
            return int(self._cache.incr(key))
        except ValueError:
            raise
        except Exception:
            return int(self._failed(1))

    def _failed(self, answer: Any) -> Any:
        # Every back end has its own exceptions for "not there".
        logger.exception("The cache cannot be reached; going on without it.")
        return answer
