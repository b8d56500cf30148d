"""When each directory last sent a request, for the metrics."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from .models import ScimToken


def last_requests(limit: int) -> tuple[tuple[str, datetime], ...]:
    """Return names of connections, and when a token of theirs was last used, to the hour: the
    oldest first, ``limit`` at most. Without connections whose tokens were never used."""
    used = ScimToken._default_manager.order_by().filter(last_used_at__isnull=False)
    latest = used.values_list("connection__name").annotate(latest=Max("last_used_at"))
    return tuple(latest.order_by("latest", "connection__name")[:limit])
