"""A clock that tests can change, and a cache that uses it."""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class ClockedCache:
    """A Django cache with time-outs by the test's clock.

    Values are pickled, as Redis and local memory do, so nothing is shared by reference.
    """

    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _items: dict[str, tuple[bytes, float]] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        with self._lock:
            return self._get(key)

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        with self._lock:
            self._set(key, value, timeout)

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        with self._lock:
            if self._get(key) is not None:
                return False
            self._set(key, value, timeout)
            return True

    def clear(self) -> None:
        with self._lock:
            self._items.clear()

    def _get(self, key: str) -> Any:
        value, ends_at = self._items.get(key, (b"", 0))
        return pickle.loads(value) if value and self.clock() < ends_at else None

    def _set(self, key: str, value: Any, timeout: float | None) -> None:
        ends_at = float("inf") if timeout is None else self.clock() + timeout
        self._items[key] = pickle.dumps(value), ends_at
