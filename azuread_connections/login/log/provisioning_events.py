"""Logs what directories report of their people by provisioning, and what is refused to them."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from ...models import Connection, Event, Identity
from . import store
from .limits import Limits
from .lines import log_event, log_not_stored


def record_provisioning(
    kind: Event.Kind,
    connection: Connection,
    person: str,
    message: str,
    *,
    identity: Identity | None = None,
    code: str = "",
) -> None:
    """Log what a directory has changed about a person. ``person``: their name in the directory."""
    event = store.new_event(kind, connection, message, code=code, identity=identity, person=person)
    store.add(event)
    log_event(event)


def record_provisioning_refused(
    connection: Connection | None, code: str, message: str, address: str | None
) -> None:
    """Log that a request of a directory was not let in: in one row a minute for each connection and
    code. Anybody can cause it, so all connections together get a limited number of rows.

    ``connection``: the one that it is about; None if there is none with that name.
    """
    event = store.new_event(
        Event.Kind.PROVISIONING_REFUSED, connection, message, code=code, address=address
    )
    try:
        if connection is None:
            store.count(event)
        else:
            limits = Limits(event.created_at, is_proven=False)
            store.count_limited(event, str(connection.pk), limits)
    except DatabaseError:
        log_not_stored(event)
    log_event(event, logging.WARNING)
