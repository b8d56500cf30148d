"""Removes what remains of set-up links that can no longer be used."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from ..models import SetupLink, SetupSession
from ..models.batches import delete_in_batches


def clear_expired(now: datetime, days: int, batch_size: int) -> int:
    """Delete sessions that ended ``days`` ago; return how many there were.

    Until then, they show when and from where a link was opened. What expired sessions have of the
    claims of a person, and what was entered with a link and never accepted, goes at once.
    """
    sessions = SetupSession._default_manager.filter(expires_at__lte=now)
    sessions.filter(Q(trial__isnull=False) | Q(consent__isnull=False)).update(
        trial=None, consent=None
    )
    over = Q(expires_at__lte=now) | Q(revoked_at__isnull=False) | Q(approved_at__isnull=False)
    SetupLink._default_manager.filter(over).exclude(draft={}).update(draft={})
    old = sessions.filter(expires_at__lte=now - timedelta(days=days)).order_by("pk")
    return delete_in_batches(old, batch_size)
