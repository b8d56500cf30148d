"""Statements that Django compiles once: they find, and store, what Django's own would."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import (
    Application,
    ClientSecret,
    Connection,
    EnabledConnection,
    Identity,
)
from azuread_connections.models.prepared import Parameter, Select, Update
from tests.factories import (
    ClientSecretFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    IdentityFactory,
)

pytestmark = pytest.mark.django_db

HOSTILE = ("' OR 1=1 --", '"', "100%", "%s", "%(name)s", "\\", "ö", "{name}")


def values_of(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def by_name() -> Select:
    return Select(
        lambda: EnabledConnection.objects.order_by("application__slug", "connection__secrets"),
        models=("application", "connection", "connection__secrets"),
        columns=("pk",),
    )


def test_whole_rows_are_read_as_django_reads_them() -> None:
    pair = EnabledConnectionFactory.create(
        application__allowed_callback_urls=["https://a.example/"],
        connection__use_common_endpoint=True,
    )
    secret = ClientSecretFactory.create(
        connection=pair.connection, expires_at=timezone.now(), refused_at=None
    )
    (row,) = by_name().rows("default")
    *found, key = row
    assert key == pair.pk
    for one, model, original in zip(
        found,
        (Application, Connection, ClientSecret),
        (pair.application, pair.connection, secret),
        strict=True,
    ):
        expected = model.objects.get(pk=original.pk)
        assert type(one) is model
        assert one == expected
        assert not one.get_deferred_fields()
        assert (one._state.db, one._state.adding) == ("default", False)
        if model is ClientSecret:
            assert one.value.reveal() == expected.value.reveal()
            one.value = expected.value
        assert values_of(one) == values_of(expected)


def test_an_outer_join_that_finds_nothing_gives_none_and_one_that_finds_several_a_row_each() -> (
    None
):
    ClientSecretFactory.create_batch(2, connection=EnabledConnectionFactory.create().connection)
    EnabledConnectionFactory.create()
    secrets = [secret for _, _, secret, _ in by_name().rows("default")]
    assert [type(secret) for secret in secrets] == [ClientSecret, ClientSecret, type(None)]


def test_no_row_is_no_row() -> None:
    assert list(by_name().rows("default")) == []


def test_the_query_is_built_once_and_asked_each_time_with_other_values() -> None:
    built = 0

    def build() -> Any:
        nonlocal built
        built += 1
        return Connection.objects.filter(name_key=Parameter("name")).order_by()

    select = Select(build, models=("",))
    for name in ("contoso", "fabrikam"):
        ConnectionFactory.create(name=name)
    for name in ("contoso", "fabrikam", "nobody", "contoso"):
        found = [one.name for (one,) in select.rows("default", name=name)]
        assert found == ([] if name == "nobody" else [name])
    assert built == 1


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_a_value_whatever_it_says(value: str) -> None:
    ConnectionFactory.create(display_name=value)
    ConnectionFactory.create(display_name="another")
    select = Select(
        lambda: Connection.objects.filter(display_name=Parameter("name")).order_by(), models=("",)
    )
    assert [one.display_name for (one,) in select.rows("default", name=value)] == [value]


def test_values_that_belong_to_the_query_itself_stay_in_it() -> None:
    ConnectionFactory.create(name="contoso", cloud="china")
    ConnectionFactory.create(name="fabrikam")
    select = Select(
        lambda: Connection.objects.filter(cloud="china", name_key=Parameter("name")).order_by(),
        models=("",),
    )
    assert len(list(select.rows("default", name="contoso"))) == 1
    assert list(select.rows("default", name="fabrikam")) == []


def test_times_are_read_as_the_setting_says_when_they_are_read(settings: Any) -> None:
    ConnectionFactory.create()
    select = Select(Connection.objects.order_by, models=("",))
    for use_tz in (False, True, False):
        settings.USE_TZ = use_tz
        ((found,),) = select.rows("default")
        assert timezone.is_aware(found.created_at) is use_tz
        assert found.created_at == Connection.objects.get().created_at


def test_nothing_is_a_value_too() -> None:
    ConnectionFactory.create(name="contoso")
    select = Select(
        lambda: Connection.objects.filter(
            name_key=Coalesce(Parameter("chosen"), Parameter("default"))
        ).order_by(),
        models=("",),
    )
    assert len(list(select.rows("default", chosen=None, default="contoso"))) == 1
    assert list(select.rows("default", chosen="", default="contoso")) == []


def test_a_value_that_is_missing_is_an_error_and_no_query() -> None:
    select = Select(lambda: Connection.objects.filter(name=Parameter("name")), models=("",))
    with CaptureQueriesContext(connection) as queries, pytest.raises(KeyError):
        list(select.rows("default"))
    assert not queries.captured_queries


def test_an_update_stores_the_named_fields_of_one_row_and_no_others() -> None:
    identity, other = IdentityFactory.create_batch(2)
    untouched = values_of(other)
    identity.connection = ConnectionFactory.create()
    identity.login_name = "100% 'adele'@contoso.com"
    identity.profile = {"name": "Zoë", "null": None}
    identity.last_sign_in_at = timezone.now()
    identity.object_id = "not to be stored"
    update = Update(Identity, "connection", "login_name", "profile", "last_sign_in_at")
    assert update.store(identity, "default")
    stored = Identity.objects.get(pk=identity.pk)
    assert stored.object_id != "not to be stored"
    identity.object_id = stored.object_id
    assert values_of(stored) == values_of(identity)
    assert values_of(Identity.objects.get(pk=other.pk)) == untouched


def test_an_update_of_the_same_values_finds_its_row_too() -> None:
    identity = IdentityFactory.create()
    update = Update(Identity, "login_name")
    assert update.store(identity, "default")
    assert update.store(identity, "default")


def test_an_update_says_that_the_row_is_gone() -> None:
    identity = IdentityFactory.create()
    Identity.objects.all().delete()
    assert not Update(Identity, "login_name").store(identity, "default")


def test_an_update_raises_what_django_raises() -> None:
    identity = IdentityFactory.create()
    identity.login_name = None
    with pytest.raises(IntegrityError), transaction.atomic():
        Update(Identity, "login_name").store(identity, "default")
