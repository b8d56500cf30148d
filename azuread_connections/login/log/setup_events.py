"""Logs what becomes of a set-up link, and what the customer's administrator does with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ...client_address import client_address
from ...entra.text import storable
from ...models import Connection, Event, SetupLink
from . import store
from .lines import log_event
from .store import new_event

_MAX_PERSON = 254


def record_setup_link(
    link: SetupLink, message: str, *, person: str = "", request: HttpRequest | None = None
) -> None:
    """Log what became of a set-up link. ``person``: the site's user who did it, "" for the customer
    or a command. The event has the link's reference."""
    _record(Event.Kind.SETUP_LINK, link, message, person, request)


def record_setup_step(request: HttpRequest, link: SetupLink, message: str) -> None:
    """Log what the customer's administrator has done on a page of a set-up."""
    _record(Event.Kind.SETUP_STEP, link, message, "", request)


def _record(
    kind: Event.Kind, link: SetupLink, message: str, person: str, request: HttpRequest | None
) -> None:
    event = _of_link(
        kind,
        link,
        message,
        person=person,
        address=client_address(request) if request is not None else None,
    )
    store.insert(event)
    log_event(event)


def record_trial(request: HttpRequest, link: SetupLink, outcome: dict[str, Any]) -> None:
    """Log a trial: who signed in at Microsoft and whether it works, but no other claim.

    A link can try as often as it likes, so there is one row a minute for each result.
    """
    profile = outcome.get("profile", {})
    person = profile.get("username") or profile.get("email") or ""
    result = "Tried: it works."
    if not outcome["works"]:
        result = f"Tried: {outcome['summary']} {outcome['detail']}".replace("  ", " ")
    event = _of_link(
        Event.Kind.SETUP_STEP,
        link,
        result.strip(),
        code=outcome.get("code", ""),
        person=storable(person)[:_MAX_PERSON],
        aadsts_code=outcome.get("aadsts_code"),
        correlation_id=outcome.get("correlation_id", ""),
        trace_id=outcome.get("trace_id", ""),
        is_unconfirmed=outcome.get("is_unconfirmed", False),
        address=client_address(request),
    )
    store.count(event, f"link {link.pk}")
    log_event(event)


def _of_link(kind: Event.Kind, link: SetupLink, message: str, **fields: Any) -> Event:
    """Return an event with the link's reference, and with its connection's name even if that is
    deleted."""
    event = new_event(kind, link.connection, message, reference=link.reference, **fields)
    event.connection_name = link.connection_name
    return event


def record_domain_refused(connection: Connection, link: SetupLink, message: str) -> None:
    """Log that a link of another connection has asked for a domain of this one.

    One row a minute for each link: a harmless one must not hide another.
    """
    event = new_event(Event.Kind.SETUP_STEP, connection, message, is_unconfirmed=True)
    store.count(event, f"{connection.pk} asked by link {link.pk}")
    log_event(event)
