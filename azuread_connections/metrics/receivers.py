"""Counts what the app's signals say. No receiver makes a query, and none can fail a sign-in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from .. import observation, signals
from ..entra import observation as microsoft
from ..log_fields import LogEvent, log_fields
from ..login.log.failures import FAILURES, Stage
from ..models import Connection, Event
from . import instruments
from .labels import MAX_CONNECTIONS, ConnectionNames, one_of

logger = logging.getLogger("azuread_connections")

SIGNED_IN = "signed_in"
FINISHED = "finished"
#: Counted by ``SIGN_INS``.
_SIGN_INS = {Event.Kind.SIGNED_IN, Event.Kind.SIGN_IN_FAILED}

names = ConnectionNames(MAX_CONNECTIONS)


def _never_fails(receiver: Callable[..., None]) -> Callable[..., None]:
    """Log an error instead, such as a full disk in prometheus_client's multi-process mode."""

    @wraps(receiver)
    def guarded(**kwargs: Any) -> None:
        try:
            receiver(**kwargs)
        except Exception:
            logger.exception(
                "The metrics could not be counted.", extra=log_fields(LogEvent.METRICS_FAILED)
            )

    return guarded


@_never_fails
def count_signed_in(*, connection: Connection, created: bool, **kwargs: Any) -> None:
    label = names.label(connection.name)
    instruments.SIGN_INS.labels(label, SIGNED_IN, FINISHED).inc()
    if created:
        instruments.USERS_CREATED.labels(label).inc()


@_never_fails
def count_failure(*, connection: Connection | None, code: str, stage: str, **kwargs: Any) -> None:
    label = names.label(connection.name if connection else "")
    outcome, reached = one_of(FAILURES, code), one_of(_STAGES, stage)
    instruments.SIGN_INS.labels(label, outcome, reached).inc()


@_never_fails
def count_profile(*, connection: Connection, **kwargs: Any) -> None:
    instruments.PROFILES_SYNCED.labels(names.label(connection.name)).inc()


@_never_fails
def count_event(*, event: Event, **kwargs: Any) -> None:
    if event.kind in _SIGN_INS:
        return
    label = names.label(event.connection_name)
    instruments.EVENTS.labels(label, one_of(Event.Kind.values, event.kind)).inc()


@_never_fails
def time_callback(*, outcome: str, seconds: float, **kwargs: Any) -> None:
    label = one_of(observation.OUTCOMES, outcome)
    instruments.CALLBACK_SECONDS.labels(label).observe(seconds)


@_never_fails
def time_request(*, endpoint: str, outcome: str, seconds: float, **kwargs: Any) -> None:
    instruments.MICROSOFT_SECONDS.labels(
        one_of(microsoft.ENDPOINTS, endpoint), one_of(microsoft.OUTCOMES, outcome)
    ).observe(seconds)


_STAGES = frozenset(stage.value for stage in Stage)


def connect() -> None:
    for signal, receiver in (
        (signals.signed_in, count_signed_in),
        (signals.sign_in_failed, count_failure),
        (signals.profile_synced, count_profile),
        (observation.event_logged, count_event),
        (observation.callback_finished, time_callback),
        (microsoft.request_finished, time_request),
    ):
        signal.connect(receiver, dispatch_uid=f"azuread_metrics.{receiver.__name__}")
