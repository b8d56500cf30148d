"""The indexes of the log change while others write to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.migrations.test_domain_proof import APP, migrate

BEFORE, AFTER = "0018_database_defaults", "0019_log_lookups"


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The state before."""
    graph = MigrationExecutor(database).loader.graph
    [leaf] = [name for app, name in graph.leaf_nodes() if app == APP]
    yield migrate(BEFORE)
    MigrationExecutor(database).migrate([(APP, leaf)])


def count(apps: Any, key: str | None) -> None:
    events = apps.get_model(APP, "Event").objects
    events.create(created_at=timezone.now(), kind="api_refused", counter_key=key)


def test_a_counter_has_one_row_and_other_events_any_number(before: Any) -> None:
    """Before, after, and after going back."""
    for number, apps in enumerate((before, migrate(AFTER), migrate(BEFORE))):
        count(apps, None)
        count(apps, None)
        count(apps, f"minute {number}")
        with pytest.raises(IntegrityError):
            count(apps, f"minute {number}")
    assert before.get_model(APP, "Event").objects.count() == 9


def test_it_can_be_repeated_after_it_has_failed_half_way(before: Any) -> None:
    """PostgreSQL leaves an index behind of which the building was broken off."""
    if database.vendor != "postgresql":
        pytest.skip("the others build no index while others write")
    with database.cursor() as cursor:
        cursor.execute("CREATE INDEX azuread_event_counted ON azuread_connections_event (kind)")
        cursor.execute("DROP INDEX azuread_identity_login_name")
    apps = migrate(AFTER)
    count(apps, "minute")
    with pytest.raises(IntegrityError):
        count(apps, "minute")


def test_on_postgresql_nobody_waits_while_an_index_is_built(before: Any) -> None:
    if database.vendor != "postgresql":
        pytest.skip("only PostgreSQL can")
    with CaptureQueriesContext(database) as queries:
        migrate(AFTER)
    ran = [query["sql"] for query in queries]
    built = [sql for sql in ran if sql.startswith("CREATE") and " INDEX " in sql]
    assert len(built) == 5
    assert [sql for sql in built if "CONCURRENTLY" not in sql] == []
