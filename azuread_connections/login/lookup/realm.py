"""Home realm discovery: from an email address to the connections that its domain leads to."""

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
    """Where an address leads. ``address``: as it was meant, or as typed if it is none; ``domain``:
    in ASCII; ``targets``: none if it leads nowhere here."""

    address: str
    domain: str
    targets: tuple[SignInTarget, ...]


def discover(request: HttpRequest, application: Application, typed: str) -> Realm:
    """Return where what somebody typed leads for an application.

    One indexed query, whether the domain is unknown, known elsewhere, or known here: the answer
    and its cost tell nothing about other applications. A subdomain without an alias of its own
    leads where its parent does.
    """
    address = clean_address(typed) or typed.strip().replace("\x00", "")[:MAX_ADDRESS_LENGTH]
    domain = domain_of(address)
    # A row of a consumer domain was written past the model's `save`.
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
