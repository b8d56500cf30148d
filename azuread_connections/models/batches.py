"""Deletes many rows without holding locks for long."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def delete_in_batches(rows: QuerySet[Any], batch_size: int) -> int:
    """Delete rows, a batch at a time and in their order; return how many there were."""
    deleted = 0
    manager: Any = rows.model._default_manager
    while keys := list(rows.values_list("pk", flat=True)[:batch_size]):
        deleted += len(keys)
        manager.using(rows.db).filter(pk__in=keys).delete()
    return deleted
