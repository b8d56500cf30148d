"""When somebody last signed in by a connection, asked of the database for each row of a list."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from ...models import Event, Identity


def last_sign_in(connection: str) -> Coalesce:
    """Return the time as an expression; ``connection``: where the row has the connection's key."""
    # Of a connection's events an index finds the newest at once. A person's row knows only the
    # last of the connections they came by; it speaks where the log has been cleared.
    signed_in = Event._default_manager.filter(
        connection=OuterRef(connection), kind=Event.Kind.SIGNED_IN
    ).order_by("-created_at")
    # NULL is left out by hand: databases do not agree on where it sorts.
    people = Identity._default_manager.filter(
        connection=OuterRef(connection), last_sign_in_at__isnull=False
    ).order_by("-last_sign_in_at")
    return Coalesce(
        Subquery(signed_in.values("created_at")[:1]), Subquery(people.values("last_sign_in_at")[:1])
    )
