"""When somebody last signed in with a connection, as a subquery for each row of a list."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from ...models import Event, Identity


def last_sign_in(connection: str) -> Coalesce:
    """Return the time as an expression; ``connection``: the column of its key."""
    # An index finds the newest event of a connection at once. An identity knows only the last
    # connection that it used; it is the fallback where the log has been cleared.
    signed_in = Event._default_manager.filter(
        connection=OuterRef(connection), kind=Event.Kind.SIGNED_IN
    ).order_by("-created_at")
    # Exclude NULL: databases do not agree on where it sorts.
    people = Identity._default_manager.filter(
        connection=OuterRef(connection), last_sign_in_at__isnull=False
    ).order_by("-last_sign_in_at")
    return Coalesce(
        Subquery(signed_in.values("created_at")[:1]), Subquery(people.values("last_sign_in_at")[:1])
    )
