"""Home realm discovery: finds the connections for the domain of an email address."""

from __future__ import annotations

from dataclasses import dataclass

import idna
from django.http import HttpRequest

from ...models import Application
from ...models.consumer_domains import CONSUMER_DOMAINS
from .enabled import SignInTarget, by_alias
from .typed_address import MAX_ADDRESS_LENGTH, clean_address


@dataclass(frozen=True)
class Realm:
    """The result of discovery. ``address``: the cleaned address, or the text as typed if it has
    none; ``domain``: in ASCII; ``targets``: empty if no connection has the domain."""

    address: str
    domain: str
    targets: tuple[SignInTarget, ...]


def discover(request: HttpRequest, application: Application, typed: str) -> Realm:
    """Find an application's connections for the text that somebody typed.

    One indexed query, whether the domain is unknown, known elsewhere, or known here: neither the
    result nor its cost reveals anything about other applications. A subdomain without an alias is
    found by its parent's.
    """
    address = clean_address(typed) or typed.strip().replace("\x00", "")[:MAX_ADDRESS_LENGTH]
    domain = domain_of(address)
    # Consumer domains are never looked up: a row of one bypassed the model's `save`.
    candidates = [name for name in _with_parents(domain) if name not in CONSUMER_DOMAINS] or [""]
    by_domain: dict[str, list[SignInTarget]] = {}
    for alias, target in by_alias(request, application, candidates):
        by_domain.setdefault(alias, []).append(target)
    nearest = next((found for found in candidates if found in by_domain), "")
    targets = sorted(by_domain.get(nearest, []), key=lambda target: target.connection.label.lower())
    return Realm(address, domain, tuple(targets))


def domain_of(address: str) -> str:
    """Return an address's domain in lower case and ASCII (IDNA), or "" if it has none."""
    local, _, domain = address.strip().rpartition("@")
    if not local:
        return ""
    try:
        return idna.encode(domain.strip().rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        return ""


def _with_parents(domain: str) -> list[str]:
    """Return a domain and its parents, nearest first, without the top-level domain."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
