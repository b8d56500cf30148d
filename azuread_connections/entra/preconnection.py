"""Opens a connection to Microsoft while a person signs in there, so that their callback has it.

A new connection costs two round trips, and its process the reading of the CA bundle. No request is
sent, so a code or a secret cannot get lost here, and a failure is left to the request that follows.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import suppress

from .deadline import KEPT_FOR, seconds_left, within
from .pools import pool_of

#: A site ("https://login.microsoftonline.com"), and a process: a fork has no connections yet.
_Key = tuple[str, int]
_opening: dict[_Key, threading.Thread] = {}
#: When the site was last connected to, or used (``time.monotonic``).
_used_at: dict[_Key, float] = {}


def preconnect(site: str, *, connect_timeout: float, total_timeout: float) -> None:
    """Open a connection in a thread, if the process has not used one within ``KEPT_FOR``.

    Returns at once. Without TLS nothing is opened: a stand-in on loopback answers at once.
    """
    key, now = _key(site), time.monotonic()
    if not site.startswith("https:") or now - _used_at.get(key, -math.inf) < KEPT_FOR:
        return
    # Failed attempts count, too: while Microsoft is down, each start would make another one.
    _used_at[key] = now
    thread = threading.Thread(
        target=_open, args=(key, connect_timeout, total_timeout), name="preconnect", daemon=True
    )
    if _opening.setdefault(key, thread) is thread:
        try:
            thread.start()
        except RuntimeError:  # no thread can be started
            _opening.pop(key, None)


def wait(site: str, connect_timeout: float) -> None:
    """Wait for a connection to this site that is being opened, as long as connecting can take."""
    thread = _opening.get(_key(site))
    if thread is not None:
        with suppress(RuntimeError):  # it is not started yet
            thread.join(max(0, min(connect_timeout, seconds_left())))


def note_use(site: str) -> None:
    """Note that the site has just answered, so that its connection is still open."""
    key = _key(site)
    if key in _used_at:  # other sites are never preconnected
        _used_at[key] = time.monotonic()


def _key(site: str) -> _Key:
    return site, os.getpid()


def _open(key: _Key, connect_timeout: float, total_timeout: float) -> None:
    try:
        # Whatever fails here is reported by the request that follows, which tries by itself.
        with suppress(Exception), within(total_timeout):
            pool_of(key[0]).preconnect(connect_timeout)
    finally:
        _opening.pop(key, None)
