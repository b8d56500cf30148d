from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, models

from azuread_connections.models import Connection, EnabledConnection, Event, GroupMapping, Identity
from azuread_connections.models.primary import PrimaryQuerySet, read_primary
from tests.factories import ConnectionFactory, IdentityFactory
from tests.replica import ReplicaRouter

OURS = {"azuread_connections", "azuread_scim", "azuread_provider"}


@pytest.fixture
def _replica(replica: None, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReplicaRouter()]


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model.__name__)
def test_each_model_reads_where_it_writes(model: type[models.Model], settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    for manager in (model._default_manager, model._base_manager):
        rows = manager.all()
        assert isinstance(rows, PrimaryQuerySet)
        assert rows.db == rows.filter().order_by().values("pk").db == "default"
        assert rows.using("elsewhere").db == "elsewhere"


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model.__name__)
def test_keys_to_other_models_are_followed_on_the_primary(
    model: type[models.Model], settings: Any
) -> None:
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    for field in model._meta.concrete_fields:
        if field.is_relation:
            row: Any = model()
            setattr(row, field.attname, 1)
            found: Any = getattr(model, field.name).get_queryset(instance=row)
            assert found.db == "default", f"{model.__name__}.{field.name}"


@pytest.mark.django_db
@pytest.mark.usefixtures("_replica")
def test_related_rows_come_from_the_primary() -> None:
    connection = ConnectionFactory.create()
    identity = IdentityFactory.create(connection=connection)
    group = Group(name="Engineering")
    group.save()
    connection.group_mappings.create(directory_group_id="", role="Engineer", group=group)

    found = Identity.objects.get()
    assert found.user.pk == identity.user_id
    assert found.connection == connection
    assert list(connection.identities.all()) == [identity]
    assert connection.group_mappings.get().group == group
    assert list(identity.user.azuread_identities.all()) == [identity]
    assert list(GroupMapping.objects.prefetch_related("group", "connection"))
    assert not EnabledConnection.objects.exists()
    assert not connection.applications.exists()
    connection.refresh_from_db()
    assert Event.objects.aggregate(total=models.Count("pk")) == {"total": 0}
    assert Connection.objects.filter(pk=connection.pk).delete()[0]


@pytest.mark.django_db
@pytest.mark.usefixtures("_replica")
def test_users_are_read_from_the_primary_on_request() -> None:
    with pytest.raises((AssertionError, DatabaseError)):  # some versions of Django forbid it
        User.objects.exists()
    assert not read_primary(User).exists()
