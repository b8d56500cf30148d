"""Logs of the optional sub-apps, which ``clear_events`` deletes together with old events.

A sub-app adds its log in ``AppConfig.ready``, so that the core need not know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

#: ``clear(now, batch_size)`` deletes what is older than its setting says, a batch at a time, and
#: returns a sentence on how much that was.
ClearLog = Callable[[datetime, int], str]

_logs: dict[str, ClearLog] = {}


def add_log(name: str, clear: ClearLog) -> None:
    """Add a log to ``clear_logs``. A name that is known is replaced."""
    _logs[name] = clear


def clear_logs(now: datetime, batch_size: int) -> Iterator[str]:
    """Clear each log; yield what it says."""
    for clear in _logs.values():
        yield clear(now, batch_size)
