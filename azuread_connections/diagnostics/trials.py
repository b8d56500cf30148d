"""The trials of a connection: those of its administrators here, and those of a set-up link."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ..models import Connection, Event


def trials(connection: Connection) -> QuerySet[Event]:
    """Return the finished trials, the newest first. One that failed has a ``code``."""
    # Of the steps of a set-up, only a trial has a person or a code: see ``login.log``.
    by_customer = Q(kind=Event.Kind.SETUP_STEP) & ~Q(person="", code="")
    found = connection.events.filter(Q(kind=Event.Kind.TRIED) | by_customer)
    return found.order_by("-created_at", "-pk")
