"""When each directory last sent a request, and until when it can, for the metrics."""

from __future__ import annotations

from django.db.models import Count, F, Max, Q

from ..observation import ProvisioningState
from .models import ScimToken


def provisioning_states(limit: int) -> tuple[ProvisioningState, ...]:
    """Return the connections that have a token, with when one of theirs was last used, to the hour:
    the oldest first, those whose tokens were never used last; ``limit`` at most."""
    found = (
        ScimToken._default_manager.order_by()
        .values_list("connection__name")
        .annotate(
            latest=Max("last_used_at"),
            ends=Max("expires_at"),
            endless=Count("pk", filter=Q(expires_at__isnull=True)),
        )
        .order_by(F("latest").asc(nulls_last=True), "connection__name")
    )
    return tuple(
        ProvisioningState(name, latest, None if endless else ends)
        for name, latest, ends, endless in found[:limit]
    )
