"""Gauges of what is stored: they are read from the database when metrics are scraped.

One scrape makes three statements at most, however many connections there are, and one more where
directories provision people. It makes none if the last one was less than ``CACHE_SECONDS`` ago.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from .. import observation
from ..log_fields import LogEvent, log_fields
from ..models import Credential, Directory
from .instruments import PREFIX
from .labels import MAX_CONNECTIONS

logger = logging.getLogger("azuread_connections")

#: Seconds for which a process uses what it has read.
CACHE_SECONDS = 30
_SECONDS_PER_DAY = 24 * 3600


@dataclass(frozen=True)
class Stored:
    """Rows of connection name, label and value: those that need attention first, bounded."""

    ends: tuple[tuple[str, str, datetime], ...]
    refused: tuple[tuple[str, str, int], ...]
    waiting: tuple[tuple[str, int], ...]
    provisioning: tuple[observation.ProvisioningState, ...] = ()


def read_stored() -> Stored:
    """Read it in three statements, one more with provisioning. Raises ``DatabaseError``."""
    credentials = Credential._default_manager.order_by()
    by_kind = ("connection__name", "kind")
    ends = (
        credentials.filter(refused_at=None, expires_at__isnull=False)
        .values_list(*by_kind)
        .annotate(latest=Max("expires_at"))
        .order_by("latest", *by_kind)
    )
    refused = (
        credentials.filter(refused_at__isnull=False)
        .values_list(*by_kind)
        .annotate(number=Count("pk"))
        .order_by(*by_kind)
    )
    waiting = (
        Directory._default_manager.filter(status=Directory.Status.WAITING)
        .order_by()
        .values_list("connection__name")
        .annotate(number=Count("pk"))
        .order_by("-number", "connection__name")
    )
    sources = observation.provisioning.values()
    return Stored(
        tuple(ends[:MAX_CONNECTIONS]),
        tuple(refused[:MAX_CONNECTIONS]),
        tuple(waiting[:MAX_CONNECTIONS]),
        tuple(row for read in sources for row in read(MAX_CONNECTIONS)),
    )


class StoredCollector(Collector):
    """Yields the gauges. While the database cannot be read, only that it cannot be read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: Stored | None = None
        self._read_at = -float("inf")

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the gauges without a query: a registry asks for them when the app is set up."""
        return iter(_families())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        stored = self._read()
        days_left, refused, waiting, last_requests, tokens, is_read = _families()
        now = timezone.now()
        for connection, kind, latest in stored.ends if stored else ():
            days_left.add_metric([connection, kind], _days(now, latest))
        for connection, kind, number in stored.refused if stored else ():
            refused.add_metric([connection, kind], number)
        for connection, number in stored.waiting if stored else ():
            waiting.add_metric([connection], number)
        for connection, last_request, ends_at in stored.provisioning if stored else ():
            if last_request is not None:
                last_requests.add_metric([connection], last_request.timestamp())
            if ends_at is not None:
                tokens.add_metric([connection], _days(now, ends_at))
        is_read.add_metric([], 0 if stored is None else 1)
        return iter((days_left, refused, waiting, last_requests, tokens, is_read))

    def forget(self) -> None:
        """Read the database again at the next scrape."""
        with self._lock:
            self._stored, self._read_at = None, -float("inf")

    def _read(self) -> Stored | None:
        with self._lock:
            if time.monotonic() - self._read_at >= CACHE_SECONDS:
                try:
                    self._stored = read_stored()
                except DatabaseError:
                    logger.exception(
                        "The metrics could not be read from the database.",
                        extra=log_fields(LogEvent.METRICS_FAILED),
                    )
                    self._stored = None
                self._read_at = time.monotonic()
            return self._stored


def _days(now: datetime, end: datetime) -> float:
    return (end - now).total_seconds() / _SECONDS_PER_DAY


def _families() -> tuple[GaugeMetricFamily, ...]:
    return (
        GaugeMetricFamily(
            f"{PREFIX}_credential_days_left",
            "Days until the last of a connection's credentials of a kind ends; negative after it.",
            labels=["connection", "kind"],
        ),
        GaugeMetricFamily(
            f"{PREFIX}_credentials_refused",
            "Credentials that Microsoft refused, or that could not be read, at their last use.",
            labels=["connection", "kind"],
        ),
        GaugeMetricFamily(
            f"{PREFIX}_directories_waiting",
            "Directories that wait for an administrator's approval.",
            labels=["connection"],
        ),
        GaugeMetricFamily(
            f"{PREFIX}_provisioning_last_request_timestamp_seconds",
            "When a connection's directory last sent a request to provision somebody.",
            labels=["connection"],
        ),
        GaugeMetricFamily(
            f"{PREFIX}_provisioning_token_days_left",
            "Days until the last of a connection's provisioning tokens ends; negative after it.",
            labels=["connection"],
        ),
        GaugeMetricFamily(
            f"{PREFIX}_stored_readable",
            "Whether the database could be read for the gauges: 1 or 0.",
            labels=[],
        ),
    )


collector = StoredCollector()


def register() -> None:
    """Add the gauges to the default registry, once."""
    if not _registered:
        REGISTRY.register(collector)
        _registered.append(collector)


_registered: list[StoredCollector] = []
