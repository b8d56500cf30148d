"""A cache that is allowed to fail: a sign-in without it is slower, not impossible."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.core.cache import BaseCache

logger = logging.getLogger("azuread_connections")

#: Seconds for which an outage is not logged again: a request asks the cache more than once.
LOG_INTERVAL = 60.0


class _Outage:
    """When the log of this process was last told that the cache cannot be reached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged_at: float | None = None

    def is_due(self) -> bool:
        """Return True at most once in each interval."""
        now = time.monotonic()
        with self._lock:
            if self._logged_at is not None and now - self._logged_at < LOG_INTERVAL:
                return False
            self._logged_at = now
            return True

    def forget(self) -> None:
        self._logged_at = None


_outage = _Outage()


def forget_outages(*, setting: str, **kwargs: Any) -> None:
    """A receiver of ``setting_changed``: other caches have outages of their own."""
    if setting == "CACHES":
        _outage.forget()


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
        """Return the counter's new value, 0 where the cache cannot be reached.

        Raises ``ValueError`` if there is no such counter.
        """
        try:
            return int(self._cache.incr(key))
        except ValueError:
            raise
        except Exception:
            return int(self._failed(0))

    def _failed(self, answer: Any) -> Any:
        # Every back end has its own exceptions for "not there".
        if _outage.is_due():
            logger.exception("The cache cannot be reached; going on without it.")
        return answer
