"""Reads many rows without much memory, and deletes many without holding locks for long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import QuerySet


def in_pages(rows: QuerySet[Any, Any], page_size: int, *, key: str = "pk") -> Iterator[list[Any]]:
    """Yield rows in keyset pages, sorted by ``key``, a unique column: also rows of ``values``.

    Memory does not grow with their number even if the driver cannot stream (MariaDB's cannot), and
    no transaction is held open as by a server-side cursor.
    """
    rows = rows.order_by(key)
    page = list(rows[:page_size])
    while page:
        yield page
        if len(page) < page_size:
            return
        last = page[-1][key] if isinstance(page[-1], dict) else getattr(page[-1], key)
        page = list(rows.filter(**{f"{key}__gt": last})[:page_size])


def each_row(rows: QuerySet[Any, Any], page_size: int, *, key: str = "pk") -> Iterator[Any]:
    """Yield rows one by one, read as by ``in_pages``."""
    return chain.from_iterable(in_pages(rows, page_size, key=key))


def delete_in_batches(rows: QuerySet[Any], batch_size: int) -> int:
    """Delete rows, a batch at a time and in their order; return how many there were."""
    deleted = 0
    manager: Any = rows.model._default_manager
    while keys := list(rows.values_list("pk", flat=True)[:batch_size]):
        deleted += len(keys)
        manager.using(rows.db).filter(pk__in=keys).delete()
    return deleted
