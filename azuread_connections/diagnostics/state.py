"""The state of a connection in one line: can people sign in, and if not, what is wrong?"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..entra.aadsts import explain
from ..login.log.failures import FAILURES
from ..microsoft.wording import Text
from ..models import Connection, Event
from .checklist_item import Item, day

#: Failures that the next person meets too: they are about the connection, not about the person.
_OF_THE_CONNECTION = ("consent_required", "id_token_invalid", "microsoft_error", "secret_rejected")


class Level(enum.StrEnum):
    """How well the connection works."""

    STOPPED = "stopped"
    FAILING = "failing"
    UNTESTED = "untested"
    ATTENTION = "attention"
    WORKS = "works"


@dataclass(frozen=True)
class State:
    """``text``: the state in a sentence; ``reason``: what is wrong, "" if nothing is."""

    level: Level
    text: Text
    reason: Text = ""


def state_of(connection: Connection, items: Sequence[Item]) -> State:
    """Return the state by the connection's checklist, and by its last failed sign-in.

    At most two queries, and no request.
    """
    if stopped := [item for item in items if item.stops_sign_ins]:
        reasons = " ".join(f"{item.title}: {_sentence(item.evidence)}" for item in stopped)
        return State(Level.STOPPED, _("Nobody can sign in."), reasons)
    if (failure := _last_failure(connection)) is not None:
        when = _("The last sign-in failed on %s.") % day(failure.created_at)
        return State(Level.FAILING, when, _meaning(failure))
    by_key = {item.key: item for item in items}
    titles = ", ".join(str(item.title) for item in items if item.state == "warning")
    attention = _("Needs attention: %s.") % titles if titles else ""
    if not by_key["sign_in"].is_proof:
        if by_key["tried"].is_proof:
            text = _("People can sign in: a test sign-in worked. Nobody has signed in yet.")
            return State(Level.ATTENTION if titles else Level.WORKS, text, attention)
        return State(
            Level.UNTESTED, _("Nobody has signed in yet, and no test sign-in worked."), attention
        )
    if titles:
        return State(Level.ATTENTION, _("People can sign in."), attention)
    return State(Level.WORKS, _("People can sign in."))


def _last_failure(connection: Connection) -> Event | None:
    """Return the newest failure of the connection, unless somebody came through after it.

    One that Microsoft did not confirm can be made up by anybody, so it does not count.
    """
    failures = connection.events.filter(
        kind=Event.Kind.SIGN_IN_FAILED, code__in=_OF_THE_CONNECTION, is_unconfirmed=False
    )
    newest = failures.order_by("-created_at").first()
    if newest is None:
        return None
    later = connection.events.filter(created_at__gte=newest.created_at)
    worked = later.filter(kind=Event.Kind.SIGNED_IN) | later.filter(kind=Event.Kind.TRIED, code="")
    return None if worked.exists() else newest


def _meaning(failure: Event) -> str:
    if failure.aadsts_code:
        return f"{explain(failure.aadsts_code).meaning} (AADSTS{failure.aadsts_code})"
    known = FAILURES.get(failure.code)
    return _sentence(str(known.meaning) if known else failure.code)


def _sentence(text: Text) -> str:
    words = str(text)
    return words if words.endswith((".", "!", "?")) else f"{words}."
