"""What a sign-in can go on with where the browser comes back without its transaction.

A bookmark of Microsoft's page and programs that follow a link before the browser does (Office) lead
into a browser that has no cookie of the sign-in, and a cookie ends after ten minutes. So `state`
carries along, sealed, where the sign-in began. That proves nothing about who comes back, and
anybody who has such an address can use it again: it only fills a link to the start of a new
sign-in, which anybody can write, and where it is checked like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest

from ..lookup import addresses
from ..lookup.enabled import SignInTarget, still_enabled
from ..state import sealing
from ..state.sealing import BrokenSeal
from ..state.transaction import Transaction
from ..state.withheld import callback_parameters

_SEAL = "resumption"
_MAX_STATE_LENGTH = 2000


@dataclass(frozen=True)
class Resumption:
    """Where a sign-in began, if it is still possible there. ``destination``: a safe one."""

    target: SignInTarget
    destination: str


def state_with_resumption(begun: Transaction) -> str:
    """Return the `state` of a sign-in: the transaction's own, and behind it where it began."""
    content = [begun.application_id, begun.connection_id, begun.destination]
    return f"{begun.state}.{sealing.seal(_SEAL, content, name=begun.state)}"


def find_resumption(request: HttpRequest) -> Resumption | None:
    """Return what the `state` of a callback says. One query, and none for what we did not seal."""
    match _content(callback_parameters(request).get("state", "")):
        case [int(application_id), int(connection_id), str(destination)]:
            return _resumption(request, application_id, connection_id, destination)
        case _:  # not sealed, or by another version of this app
            return None


def _content(state: str) -> Any:
    name, _, sealed = state.partition(".")
    try:
        return sealing.unseal(_SEAL, sealed, name=name) if len(state) <= _MAX_STATE_LENGTH else None
    except BrokenSeal:
        return None


def _resumption(
    request: HttpRequest, application_id: int, connection_id: int, destination: str
) -> Resumption | None:
    try:
        target = still_enabled(request, application_id, connection_id)
    except DatabaseError:  # the page of the failure says what is wrong
        return None
    if target is None:
        return None
    allowed = target.application.allowed_callback_urls
    return Resumption(target, addresses.safe_destination(request, destination, allowed))
