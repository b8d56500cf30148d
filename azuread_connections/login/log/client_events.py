"""Logs what is refused to the callers of endpoints: OAuth clients and APIs."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import DatabaseError

from ...models import Application, Connection, Event, Identity
from . import store
from .limits import Limits
from .lines import log_event, log_not_stored


@dataclass(frozen=True)
class Refusal:
    """What was refused to an OAuth client, or to a caller of an API.

    ``application``: the client's; None for an unknown one, and for an API. ``identity``: the person
    whom it is about, if it is about one.
    """

    kind: Event.Kind
    code: str
    message: str
    application: Application | None = None
    connection: Connection | None = None
    identity: Identity | None = None
    address: str | None = None


def record_refusal(refusal: Refusal) -> None:
    """Log a refusal: in one row a minute, however often it happens.

    What is about no person can be caused by anybody, so all applications together get a limited
    number of rows.
    """
    application, identity = refusal.application, refusal.identity
    event = store.new_event(
        refusal.kind,
        refusal.connection,
        refusal.message,
        code=refusal.code,
        application=application,
        application_name=application.slug if application else "",
        identity=identity,
        person=identity.login_name if identity else "",
        address=refusal.address,
    )
    subject = f"{application.pk if application else '-'}:{identity.pk if identity else '-'}"
    try:
        if identity is not None:
            store.count(event, subject)
        else:
            store.count_limited(event, subject, Limits(event.created_at, is_proven=False))
    except DatabaseError:
        log_not_stored(event)
    log_event(event, logging.WARNING)
