"""Home realm discovery: finds the connections for the domain of an email address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import idna
from django.http import HttpRequest

from ...client_address import client_address
from ...models import Application
from ...models.consumer_domains import CONSUMER_DOMAINS
from ...rate_limit import RateLimit, network_of
from .enabled import SignInTarget, by_alias
from .typed_address import MAX_ADDRESS_LENGTH, clean_address

#: Addresses that lead nowhere, from one client or its network, in 15 minutes. Otherwise somebody
#: could learn which companies sign in here by trying the domains of all. A whole company can be
#: behind one address, and mistypes less than this.
UNKNOWN_LIMIT, UNKNOWN_SECONDS = 200, 900
_UNKNOWN = RateLimit("unknown_addresses", limit=UNKNOWN_LIMIT, seconds=UNKNOWN_SECONDS)


@dataclass(frozen=True)
class Realm:
    """The result of discovery. ``address``: the cleaned address, or the text as typed if it has
    none; ``domain``: in ASCII; ``targets``: empty if no connection has the domain.

    ``is_refused``: too many addresses from this network led nowhere, so this one was not looked up.
    """

    address: str
    domain: str
    targets: tuple[SignInTarget, ...]
    is_refused: bool = False


def discover(request: HttpRequest, application: Application, typed: str) -> Realm:
    """Find an application's connections for the text that somebody typed.

    One indexed query, whether the domain is unknown, known elsewhere, or known here: neither the
    result nor its cost reveals anything about other applications. A subdomain without an alias is
    found by its parent's.
    """
    address = clean_address(typed) or typed.strip().replace("\x00", "")[:MAX_ADDRESS_LENGTH]
    domain = domain_of(address)
    client = client_address(request)
    # Clients without an address cannot be told apart: one of them would lock all others out.
    if client and _UNKNOWN.is_reached(network_of(client)):
        return Realm(address, domain, (), is_refused=True)
    # Consumer domains are never looked up: a row of one bypassed the model's `save`.
    candidates = [name for name in _with_parents(domain) if name not in CONSUMER_DOMAINS] or [""]
    by_domain: dict[str, list[SignInTarget]] = {}
    for alias, target in by_alias(request, application, candidates):
        by_domain.setdefault(alias, []).append(target)
    nearest = next((found for found in candidates if found in by_domain), "")
    targets = sorted(by_domain.get(nearest, []), key=lambda target: target.connection.label.lower())
    if client and not targets:
        _UNKNOWN.allows(network_of(client))
    return Realm(address, domain, tuple(targets))


def domain_of(address: str) -> str:
    """Return an address's domain in lower case and ASCII (IDNA), or "" if it has none."""
    local, _, domain = address.strip().rpartition("@")
    return _in_ascii(domain.strip().rstrip(".")) if local else ""


# UTS 46 maps each letter in Python, and the people of one company have one domain.
@lru_cache(maxsize=1000)
def _in_ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""


def _with_parents(domain: str) -> list[str]:
    """Return a domain and its parents, nearest first, without the top-level domain."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
