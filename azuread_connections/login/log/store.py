"""Stores events: each in a row of its own, or counted in the row of others like it.

How many rows failures can get in a minute is limited: see ``limits``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from copy import copy
from typing import Any

from django.db import IntegrityError, router, transaction
from django.db.models import F
from django.utils import timezone

from ...entra.text import storable
from ...models import Connection, Event
from .limits import Limits, Place

#: Characters of a message: anybody can write parts of it.
_MAX_MESSAGE = 4000
# Without letters and digits that people confuse when they read them out.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: The subject of a counter that all subjects share.
_ALL = "-"


def new_reference() -> str:
    """Return a reference by which support finds an event."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def new_event(
    kind: Event.Kind,
    connection: Connection | None,
    message: str = "",
    *,
    reference: str = "",
    **fields: Any,
) -> Event:
    """Return an event of this moment, not stored yet. Without a ``reference`` it gets a new one."""
    return Event(
        created_at=timezone.now(),
        kind=kind,
        reference=reference or new_reference(),
        connection=connection,
        connection_name=connection.name if connection else "",
        message=storable(message)[:_MAX_MESSAGE],
        **fields,
    )


def add(event: Event) -> None:
    """Store an event in a row of its own, in the transaction of what it reports.

    Without a savepoint, which would cost two statements: no other process writes this row, as it
    counts nothing, and the caller has just read or written what it points to. Where that can be
    deleted meanwhile, use ``insert``.
    """
    event.save(force_insert=True)


def insert(event: Event) -> None:
    """Store an event in a row of its own, also if its connection was deleted meanwhile."""
    _write(event, _insert)


def count(event: Event, subject: str = "") -> None:
    """Store an event as the first of its kind, code and subject in this minute, or count it in the
    existing row, whose reference it takes over. ``subject``: by default its connection."""
    event.counter_key = _counter_key(event, subject or str(event.connection_id or _ALL))
    _write(event, _count)


def count_limited(event: Event, subject: str, limits: Limits) -> None:
    """Count an event as ``count`` does, but with those of all subjects once this minute's rows are
    used up: each subject's counter is a row, too, and anybody can name another subject."""
    event.counter_key = _counter_key(event, subject)
    if _increment(event):
        return
    if limits.has_room():
        _write(event, _count)
    else:
        _count_with_all(event, limits)


def store_failure(event: Event, limits: Limits) -> None:
    """Store a failed sign-in as far as the limits allow."""
    place = limits.place_of(event.connection, event.code)
    if place is Place.ROW:
        insert(event)
    elif place is Place.CONNECTION_COUNTER:
        count_limited(event, f"{event.connection_id}{_key_suffix(limits)}", limits)
    else:
        _count_with_all(event, limits)


def _count_with_all(event: Event, limits: Limits) -> None:
    # A copy: Python's log still names the connection and the application.
    unnamed = copy(event)
    unnamed.connection = unnamed.application = None
    unnamed.connection_name = unnamed.application_name = ""
    count(unnamed, f"{_ALL}{_key_suffix(limits)}")
    event.reference = unnamed.reference


def _key_suffix(limits: Limits) -> str:
    # Proven failures get their own counters: anybody can write the text of the others.
    return ":proven" if limits.is_proven else ""


def _write(event: Event, write: Callable[[Event], None]) -> None:
    """Write an event, with names only if its connection or application was deleted meanwhile."""
    try:
        write(event)
    except IntegrityError:
        event.pk = event.connection = event.application = None
        write(event)


def _insert(event: Event) -> None:
    # In its own transaction: on MariaDB an existing row stays locked until it ends, and two
    # requests that then count in that row would deadlock.
    with transaction.atomic(using=router.db_for_write(Event)):
        event.save(force_insert=True)


def _count(event: Event) -> None:
    if not _increment(event):
        try:
            _insert(event)
        except IntegrityError:
            if not _increment(event):  # not because another process was first
                raise


def _increment(event: Event) -> bool:
    """Count an event in the row of its counter, and take over that row's reference."""
    same = Event._default_manager.filter(counter_key=event.counter_key)
    if not same.update(count=F("count") + 1):
        return False
    event.reference = same.values_list("reference", flat=True).get()
    return True


def _counter_key(event: Event, subject: str) -> str:
    return f"{event.kind}:{event.code}:{subject}:{event.created_at:%Y%m%d%H%M}"
