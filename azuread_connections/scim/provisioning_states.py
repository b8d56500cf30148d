"""When each directory last sent a request, and until when it can, for the metrics."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Case, Count, F, Max, Q, When
from django.utils import timezone

from ..credentials.notices import THRESHOLDS
from ..observation import ProvisioningState
from .models import ScimToken


def provisioning_states(limit: int) -> tuple[ProvisioningState, ...]:
    """Return the connections that have a token, ``limit`` at most, with when one of theirs was last
    used, to the hour.

    Those that need attention first: whose last token ends within the time of the notices or has
    ended, by its end; then who has been silent longest; then whose tokens were never used.
    """
    soon = timezone.now() + timedelta(days=max(THRESHOLDS))
    found = (
        ScimToken._default_manager.order_by()
        .values_list("connection__name")
        .annotate(
            latest=Max("last_used_at"),
            ends=Max("expires_at"),
            endless=Count("pk", filter=Q(expires_at__isnull=True)),
            ends_soon=Case(When(endless=0, ends__lte=soon, then=F("ends"))),
        )
        .order_by(
            F("ends_soon").asc(nulls_last=True),
            F("latest").asc(nulls_last=True),
            "connection__name",
        )
    )
    return tuple(
        ProvisioningState(name, latest, None if endless else ends)
        for name, latest, ends, endless, _ends_soon in found[:limit]
    )
