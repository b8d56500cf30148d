"""A cache that can fail without failing a sign-in, which is only slower then."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.core.cache import BaseCache

from .log_fields import LogEvent, log_fields

logger = logging.getLogger("azuread_connections")

#: Seconds for which an outage is not logged again: one request can use the cache several times.
LOG_INTERVAL = 60.0


class _Outage:
    """When this process last logged that the cache cannot be reached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged_at: float | None = None

    def is_due(self) -> bool:
        """Return True at most once per interval."""
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
    """A receiver of ``setting_changed``: an outage of another cache is logged again."""
    if setting == "CACHES":
        _outage.forget()


class ForgivingCache:
    """Django's cache. While it is unreachable, it acts like an empty one."""

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
        """Return the counter's new value, or 0 if the cache cannot be reached.

        Raises ``ValueError`` if there is no such counter.
        """
        try:
            return int(self._cache.incr(key))
        except ValueError:
            raise
        except Exception:
            return int(self._failed(0))

    def _failed(self, answer: Any) -> Any:
        # The callers catch Exception: each cache backend has its own exceptions for an outage.
        if _outage.is_due():
            logger.exception(
                "The cache cannot be reached; going on without it.",
                extra=log_fields(LogEvent.CACHE_UNREACHABLE),
            )
        return answer
