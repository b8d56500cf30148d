"""Writes events as lines of Python's logging."""

from __future__ import annotations

import json
import logging
from typing import Any

from ...log_fields import LogEvent, Outcome, log_fields
from ...models import Event
from ...observation import event_logged
from .failures import FAILURES

logger = logging.getLogger("azuread_connections")


def log_event(event: Event, level: int = logging.INFO) -> None:
    """Log an event, and send ``event_logged``: also for one that could not be stored."""
    fields: dict[str, Any] = {
        "code": event.code,
        "connection": event.connection_name,
        "application": event.application_name,
        "person": _on_one_line(event.person),
        "reference": event.reference,
        "aadsts": event.aadsts_code,
        "correlation_id": _on_one_line(event.correlation_id),
        "detail": _on_one_line(event.message),
    }
    text = " ".join(f"{name}={value}" for name, value in fields.items() if value)
    logger.log(level, "%s %s", event.kind, text, extra=_fields_of(event, level))
    event_logged.send_robust(Event, event=event)


def log_not_stored(event: Event) -> None:
    """Log the present exception, which has prevented that an event is stored."""
    logger.exception(
        "The event %s could not be stored.",
        event.reference,
        extra=log_fields(
            LogEvent.EVENT_NOT_STORED,
            reference=event.reference,
            connection=event.connection_name,
            application=event.application_name,
        ),
    )


def _fields_of(event: Event, level: int) -> dict[str, Any]:
    is_failure = level >= logging.WARNING or event.code in FAILURES
    return log_fields(
        event.kind,
        Outcome.FAILURE if is_failure else Outcome.SUCCESS,
        code=event.code,
        reference=event.reference,
        connection=event.connection_name,
        application=event.application_name,
        person=event.person,
        identity=event.identity_id,
        aadsts=event.aadsts_code,
        correlation_id=event.correlation_id,
        trace_id=event.trace_id,
        is_unconfirmed=event.is_unconfirmed,
        detail=event.message,
    )


def _on_one_line(text: str) -> str:
    """Return text of any origin so that it cannot look like another line of the log."""
    return json.dumps(text, ensure_ascii=not text.isprintable()) if text else ""
