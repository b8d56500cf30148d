"""The states of set-up links as database queries, for lists and counts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..models import SetupLink

State = SetupLink.State
#: A link in one of these is of interest to the connection's page; the others are history.
OPEN = (State.SENT, State.UNDER_WAY, State.FINISHED)


def in_state(
    links: QuerySet[SetupLink], *states: State, now: datetime | None = None
) -> QuerySet[SetupLink]:
    """Keep the links that are in one of the states: ``SetupLink.state`` as a query."""
    return links.filter(condition(*states, now=now))


def condition(*states: State, now: datetime | None = None) -> Q:
    """Return the condition that a link is in one of the states."""
    now = now or timezone.now()
    undecided = Q(approved_at__isnull=True, revoked_at__isnull=True)
    unfinished = undecided & Q(connection__isnull=False, finished_at__isnull=True)
    current = unfinished & Q(expires_at__gt=now)
    conditions = {
        State.APPROVED: Q(approved_at__isnull=False),
        State.REVOKED: Q(approved_at__isnull=True, revoked_at__isnull=False),
        State.FINISHED: undecided & Q(connection__isnull=False, finished_at__isnull=False),
        State.SENT: current & Q(openings_used=0),
        State.UNDER_WAY: current & Q(openings_used__gt=0),
        State.OVER: (undecided & Q(connection__isnull=True))
        | (unfinished & Q(expires_at__lte=now)),
    }
    wanted = Q(pk__in=[])
    for state in states:
        wanted |= conditions[state]
    return wanted
