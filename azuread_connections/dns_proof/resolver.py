"""Asks the DNS for a domain's record. This is the only module that imports dnspython."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from .records import Lookup, Outcome, record_name
from .servers import read_server

#: Seconds for the whole look-up, over all servers and attempts, and for one attempt.
LIFETIME, ATTEMPT = 4.0, 1.5
#: Bytes of an answer by UDP that no network splits (DNS Flag Day 2020); a longer one comes by TCP.
_PAYLOAD = 1232


def look_up(domain: str, servers: Sequence[str] = (), seconds: float = LIFETIME) -> Lookup:
    """Return the TXT records at a domain's record name.

    ``domain``: in ASCII. ``servers``: entries of DNS_SERVERS; none: the system's. ``seconds``: the
    most that it takes. No answer is kept for the next call. A CNAME is followed by the server.
    The strings of one record are joined (RFC 7208, section 3.3, for the same kind of record).
    """
    try:
        name = dns.name.from_text(f"{record_name(domain)}.")
    except dns.exception.DNSException:
        # Longer than a name can be (RFC 1035, section 2.3.4): there is no such record.
        return Lookup()
    try:
        answer = _resolver(servers).resolve(
            name, dns.rdatatype.TXT, lifetime=min(seconds, LIFETIME), search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Lookup()
    except dns.exception.Timeout:
        return Lookup(problem=Outcome.TIMEOUT)
    except (dns.exception.DNSException, OSError, ValueError):
        return Lookup(problem=Outcome.FAILURE)
    return Lookup(tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer))


def _resolver(entries: Sequence[str]) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not entries)
    if entries:
        resolver.nameservers = list(_nameservers(entries))
    resolver.cache = None
    resolver.timeout = ATTEMPT
    resolver.use_edns(0, 0, _PAYLOAD)
    return resolver


def _nameservers(entries: Sequence[str]) -> Iterator[dns.nameserver.Nameserver]:
    """Yield the servers for dnspython, which takes addresses only. Without any usable one, the
    look-up fails at once."""
    for entry in entries:
        with suppress(OSError, ValueError):
            server = read_server(entry)
            found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
            yield dns.nameserver.Do53Nameserver(str(found[0][4][0]), server.port)
