"""Slows down who guesses a client's secret, and nobody else.

Failures are counted for each client ID and address together: whoever guesses from elsewhere cannot
keep the client itself out.
"""

from __future__ import annotations

import hashlib
import math
import time

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ..conf import CACHE_PREFIX, conf
from ..rate_limit import RateLimit, network_of

#: Failures within a minute after which an address has to wait.
LIMIT = 10
#: Seconds.
WAIT = 60
_FAILURES = RateLimit("client_authentication", limit=LIMIT - 1, seconds=WAIT)


class TooManyFailures(OAuth2Error):
    """RFC 6585 section 4. ``seconds``: how long to wait."""

    error = "too_many_requests"
    status_code = 429
    description = "Too many failed attempts. Try again later."

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


def seconds_to_wait(client_id: object, address: str | None) -> int:
    """Return for how long an address may not authenticate as a client; 0 if it may.

    An unknown client ID is counted as a known one: the answers must not tell them apart.
    """
    if address is None:  # behind a Unix socket everybody would be the same
        return 0
    until = conf.cache.get(_wait_key(_who(client_id, address)))
    return max(0, math.ceil(until - time.time())) if isinstance(until, int | float) else 0


def count(client_id: object, address: str | None) -> bool:
    """Count a failure; return whether the address has to wait from now on."""
    if address is None:
        return False
    who = _who(client_id, address)
    if _FAILURES.allows(who):
        return False
    conf.cache.set(_wait_key(who), time.time() + WAIT, WAIT)
    return True


def _who(client_id: object, address: str) -> str:
    """A digest of the client ID: it stands in the log, and anybody can write one."""
    digest = hashlib.sha256(str(client_id).encode("utf-8", "surrogatepass")).hexdigest()
    return f"client {digest[:16]} from {network_of(address)}"


def _wait_key(who: str) -> str:
    return f"{CACHE_PREFIX}:client_authentication_waits:{hashlib.sha256(who.encode()).hexdigest()}"
