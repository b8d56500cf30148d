"""Counts what somebody does in fixed windows of time, and says when it is too much.

The counters are in the site's cache (``CACHE``), so a limit holds for all processes that share it.
With one cache a process, each process counts for itself. While the cache cannot be reached,
nothing is counted and everything is allowed; the cache logs the outage (``cache.ForgivingCache``).

    _CODES = RateLimit("codes", limit=20, seconds=900)
    if not _CODES.allows(network_of(client_address(request))):
        ...  # refuse
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from .conf import CACHE_PREFIX, conf
from .log_fields import LogEvent, log_fields

#: Bits of an IPv6 address that one subscriber has: they can take any address within.
_IPV6_NETWORK = 64

logger = logging.getLogger("azuread_connections")


@dataclass(frozen=True)
class RateLimit:
    """At most ``limit`` events of one key in each window of ``seconds``.

    ``name``: of letters, digits and "_", unique in this app. Windows are the same for all keys and
    begin at multiples of ``seconds`` since 1970, so that around the end of one there can be up to
    twice the limit.
    """

    name: str
    limit: int
    seconds: int

    def allows(self, key: str = "") -> bool:
        """Count an event; return whether it is within the limit.

        ``key``: whose events are counted, such as a user's key or ``network_of`` an address; "" for
        a limit over all. It is written into the log when the limit is reached: never a secret.
        """
        count = self._count(key)
        if count == self.limit + 1:
            logger.warning(
                "The limit “%s” is reached: more than %d within %d seconds%s.",
                self.name,
                self.limit,
                self.seconds,
                f" ({key})" if key else "",
                extra=log_fields(LogEvent.LIMIT_REACHED, limit=self.name, detail=key),
            )
        return count <= self.limit

    def is_reached(self, key: str = "") -> bool:
        """Return whether as many events as allowed were counted. Counts nothing."""
        return int(conf.cache.get(self._name(key)) or 0) >= self.limit

    def _count(self, key: str) -> int:
        """Return the count of this window, this event included; 0 without a cache."""
        name = self._name(key)
        # Twice as long as a window, because the clocks of several servers differ.
        conf.cache.add(name, 0, 2 * self.seconds)
        try:
            return conf.cache.incr(name)
        except ValueError:  # evicted between the two calls
            return 1

    def _name(self, key: str) -> str:
        """Return the name of the counter of this window."""
        window = int(time.time() // self.seconds)
        # A digest: not every cache stores a key with any letter, of any length.
        whose = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{CACHE_PREFIX}:rate:{self.name}:{window}:{whose}"


def network_of(address: str | None) -> str:
    """Return an IPv4 address, or the network of an IPv6 one; "unknown" for none.

    Whoever has one IPv6 address has a network of them, and could begin at 0 with each.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed.packed, _IPV6_NETWORK), strict=False))
    return str(parsed)
