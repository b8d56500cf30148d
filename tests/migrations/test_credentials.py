"""What the migration does with stored client secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

from azuread_connections.models import Credential, Sealed
from tests.migrations.test_domain_proof import APP, add, migrate

VALUE = "Abc8Q~secret-from-before-0123456789"


@pytest.fixture
def before(transactional_db: None) -> Iterator[str]:
    """The name of the state before client secrets became credentials."""
    loader = MigrationExecutor(database).loader
    [leaf] = [name for app, name in loader.graph.leaf_nodes() if app == APP]
    [own] = [
        name for app, name in loader.disk_migrations if app == APP and name.endswith("_credentials")
    ]
    [(_app, earlier)] = loader.disk_migrations[APP, own].dependencies
    yield earlier
    MigrationExecutor(database).migrate([(APP, leaf)])


def test_a_stored_secret_stays_what_it_is_there_and_back(before: str) -> None:
    old: Any = migrate(before)
    end = datetime(2027, 4, 30, tzinfo=UTC)
    old.get_model(APP, "ClientSecret").objects.create(
        connection=add(old, "contoso"),
        value=Sealed.seal(VALUE),
        hint="Abc",
        key_id="11112222-bbbb-3333-cccc-4444dddd5555",
        expires_at=end,
        refused_at=end,
    )
    executor = MigrationExecutor(database)
    [leaf] = [name for app, name in executor.loader.graph.leaf_nodes() if app == APP]
    migrate(leaf)
    stored = Credential.objects.get()
    assert (stored.kind, stored.hint, stored.expires_at) == ("secret", "Abc", end)
    assert stored.value is not None
    assert stored.value.reveal() == VALUE
    assert (stored.certificate, stored.token_file, stored.managed_identity) == ("", "", "")
    assert stored.refused_at == end
    assert not stored.is_unavailable
    again: Any = migrate(before)
    [row] = again.get_model(APP, "ClientSecret").objects.all()
    assert (row.hint, row.value.reveal()) == ("Abc", VALUE)
