"""Opens a link: begins a session of some hours for the browser that asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone

from ..client_address import client_address
from ..login.log import setup_events
from ..models import SetupLink, SetupSession
from ..models.setup_link import SESSION_LIFETIME
from ..rate_limit import RateLimit, network_of
from . import steps, tokens

#: Addresses without a link that one client can open, in 15 minutes. People open a wrong one when
#: their mail program has cut it off.
_WRONG_ADDRESSES = RateLimit("setup_links", limit=20, seconds=900)


@dataclass(frozen=True)
class Opening:
    """A session that has just begun. ``value``: for the browser's cookie, and nowhere else."""

    session: SetupSession
    value: str = field(repr=False)


def find_link(request: HttpRequest, token: str) -> SetupLink | None:
    """Return the link with this token if it is still valid; None otherwise, whatever the reason.

    Too many wrong tokens from one network: None for every token, so that guessing ends there.
    """
    address = client_address(request)
    network = network_of(address)
    # Clients without an address cannot be told apart: one of them would lock all others out.
    if address and _WRONG_ADDRESSES.is_reached(network):
        return None
    # By the hash, so the time that the look-up takes says nothing about the token.
    links = SetupLink._default_manager.select_related("connection")
    link = links.filter(token_hash=tokens.hash_of(token)).first()
    if link is None:
        _WRONG_ADDRESSES.allows(network)
        return None
    return link if link.is_usable else None


def open_link(request: HttpRequest, link: SetupLink) -> Opening | None:
    """Count an opening and begin its session. None if the link can no longer be opened."""
    now = timezone.now()
    if not link.take_opening(now):
        return None
    value = tokens.new_token()
    session = SetupSession._default_manager.create(
        link=link,
        key_hash=tokens.hash_of(value),
        opened_at=now,
        expires_at=min(now + SESSION_LIFETIME, link.expires_at),
        address=client_address(request),
    )
    steps.reach(link, steps.following(link, steps.WELCOME))
    setup_events.record_setup_link(link, "Opened.", request=request)
    return Opening(session, value)
