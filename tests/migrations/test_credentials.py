"""What the migration does with stored client secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
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


def test_permissions_are_renamed_with_the_model_and_kept_by_groups(before: str) -> None:
    # The command: Django renames content types and adds permissions in its signals.
    call_command("migrate", APP, before, verbosity=0)
    own = Permission.objects.filter(content_type__app_label=APP)
    assert own.filter(content_type__model="clientsecret", codename="view_clientsecret").exists()
    assert own.get(codename="manage_secret").name == "Can add and remove client secrets"
    group = Group.objects.create(name="Helpdesk")
    group.permissions.set(own.filter(codename__in=["view_clientsecret", "manage_secret"]))

    call_command("migrate", APP, verbosity=0)
    assert not own.filter(codename__endswith="_clientsecret").exists()
    assert {(each.codename, each.name) for each in group.permissions.all()} == {
        ("view_credential", "Can view credential"),
        ("manage_secret", "Can add and remove credentials"),
    }
    assert own.filter(content_type__model="credential").count() == 4
