"""A hundred thousand connections need no more memory than a thousand."""

from __future__ import annotations

import gc
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Sealed,
)

pytestmark = pytest.mark.at_size

SOME, MANY = 1_000, 100_000
#: Bytes. A page of rows varies with the length of its texts; a list of all would take 20 MB.
TOLERANCE = 1_000_000


class Sink:
    """Counts what the command prints, without keeping it."""

    def __init__(self) -> None:
        self.lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


@pytest.fixture
def numbers() -> Iterator[int]:
    return count()


def grow(application: Application, numbers: Iterator[int], by: int) -> None:
    """Add connections, each enabled and with a secret that expires within the month."""
    value, now = Sealed.seal("Abc8Q~one-for-all-of-them"), timezone.now()
    for size in [10_000] * (by // 10_000) + [by % 10_000]:
        connections = Connection.objects.bulk_create(
            Connection(name=name, name_key=name, domain="contoso.com", client_id=str(uuid.uuid4()))
            for name in (f"c{next(numbers)}" for _ in range(size))
        )
        if connections and connections[0].pk is None:
            connections = list(Connection.objects.order_by("-pk")[:size])
        EnabledConnection.objects.bulk_create(
            EnabledConnection(application=application, connection=each) for each in connections
        )
        Credential.objects.bulk_create(
            Credential(
                connection=each,
                value=value,
                hint="Abc",
                expires_at=now + timedelta(days=1 + each.pk % 25),
            )
            for each in connections
        )
    if database.vendor == "postgresql":
        # As a real site's autovacuum does: without statistics the planner would sort all rows
        # for every page.
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")


def peak_of_check_secrets(lines: int) -> int:
    """Run the command; return its peak memory in bytes."""
    sink = Sink()
    gc.collect()
    tracemalloc.start()
    try:
        with pytest.raises(SystemExit):
            call_command("check_secrets", stdout=sink)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert sink.lines == lines + 1


def test_memory_does_not_grow_with_the_number_of_connections(
    application: Application, numbers: Iterator[int]
) -> None:
    grow(application, numbers, SOME)
    peak_of_check_secrets(SOME)  # what is imported and kept for good, the first time
    small = peak_of_check_secrets(SOME)
    grow(application, numbers, MANY - SOME)
    assert peak_of_check_secrets(MANY) < small + TOLERANCE
