"""Where to start again when a browser comes back without its transaction.

The cookie is missing if somebody bookmarked Microsoft's page, if a program such as Office followed
the link before the browser did, or after ten minutes. So `state` also holds, sealed, where the
sign-in began. This authenticates nobody, and whoever has the address can use it again. It only
fills a link that starts a new sign-in: anybody could write that link, and it is checked like any
other.
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
    """Where a sign-in began, if the pair is still enabled. ``destination``: checked, so safe."""

    target: SignInTarget
    destination: str


def state_with_resumption(begun: Transaction) -> str:
    """Return the `state` of a sign-in: the transaction's own, a full stop, the sealed beginning."""
    content = [begun.application_id, begun.connection_id, begun.destination]
    return f"{begun.state}.{sealing.seal(_SEAL, content, name=begun.state)}"


def find_resumption(request: HttpRequest) -> Resumption | None:
    """Return where the `state` of a callback says that it began. One query if the seal is ours."""
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
    except DatabaseError:  # the page of the failure is shown without a link to resume
        return None
    if target is None:
        return None
    allowed = target.application.allowed_callback_urls
    return Resumption(target, addresses.safe_destination(request, destination, allowed))
