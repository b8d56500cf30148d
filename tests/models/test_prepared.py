"""Statements compiled once give the same results as Django's own."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Identity,
)
from azuread_connections.models.prepared import Parameter, Select, Update
from tests.factories import (
    ConnectionFactory,
    CredentialFactory,
    EnabledConnectionFactory,
    IdentityFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> str:
    """Run each test of this module both ways."""
    if request.param == "plain":
        request.getfixturevalue("nothing_compiles")
    return str(request.param)


HOSTILE = ("' OR 1=1 --", '"', "100%", "%s", "%(name)s", "\\", "ö", "{name}")


def values_of(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def by_name() -> Select:
    return Select(
        lambda: EnabledConnection.objects.order_by("application__slug", "connection__credentials"),
        models={
            "application": "application",
            "connection": "connection",
            "secret": "connection__credentials",
        },
        columns=("pk",),
    )


def test_whole_rows_are_read_as_django_reads_them() -> None:
    pair = EnabledConnectionFactory.create(
        application__allowed_callback_urls=["https://a.example/"],
        connection__use_common_endpoint=True,
    )
    secret = CredentialFactory.create(
        connection=pair.connection, expires_at=timezone.now(), refused_at=None
    )
    (row,) = by_name().rows("default")
    assert vars(row).keys() == {"application", "connection", "secret", "pk"}
    assert row.pk == pair.pk
    for one, model, original in (
        (row.application, Application, pair.application),
        (row.connection, Connection, pair.connection),
        (row.secret, Credential, secret),
    ):
        expected = model.objects.get(pk=original.pk)
        assert type(one) is model
        assert one == expected
        assert not one.get_deferred_fields()
        assert (one._state.db, one._state.adding) == ("default", False)
        if model is Credential:
            assert one.value.reveal() == expected.value.reveal()
            one.value = expected.value
        assert values_of(one) == values_of(expected)


def test_an_outer_join_that_finds_nothing_gives_none_and_one_that_finds_several_a_row_each() -> (
    None
):
    first = EnabledConnectionFactory.create(application__slug="first")
    CredentialFactory.create_batch(2, connection=first.connection)
    EnabledConnectionFactory.create(application__slug="second")
    secrets = [row.secret for row in by_name().rows("default")]
    assert [type(secret) for secret in secrets] == [Credential, Credential, type(None)]


def test_without_a_row_the_result_is_none() -> None:
    assert list(by_name().rows("default")) == []


def test_the_query_is_built_once_and_asked_each_time_with_other_values() -> None:
    built = 0

    def build() -> Any:
        nonlocal built
        built += 1
        return Connection.objects.filter(name_key=Parameter("name")).order_by()

    select = Select(build, models={"connection": ""})
    for name in ("contoso", "fabrikam"):
        ConnectionFactory.create(name=name)
    for name in ("contoso", "fabrikam", "nobody", "contoso"):
        found = [row.connection.name for row in select.rows("default", name=name)]
        assert found == ([] if name == "nobody" else [name])
    assert built == 1


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_a_value_whatever_it_says(value: str) -> None:
    ConnectionFactory.create(display_name=value)
    ConnectionFactory.create(display_name="another")
    select = Select(
        lambda: Connection.objects.filter(display_name=Parameter("name")).order_by(),
        models={"connection": ""},
    )
    found = [row.connection.display_name for row in select.rows("default", name=value)]
    assert found == [value]


def test_values_that_belong_to_the_query_itself_stay_in_it() -> None:
    ConnectionFactory.create(name="contoso", cloud="china")
    ConnectionFactory.create(name="fabrikam")
    select = Select(
        lambda: Connection.objects.filter(cloud="china", name_key=Parameter("name")).order_by(),
        models={"connection": ""},
    )
    assert len(list(select.rows("default", name="contoso"))) == 1
    assert list(select.rows("default", name="fabrikam")) == []


def test_times_are_read_as_the_setting_says_when_they_are_read(settings: Any) -> None:
    ConnectionFactory.create()
    select = Select(Connection.objects.order_by, models={"connection": ""})
    for use_tz in (False, True, False):
        settings.USE_TZ = use_tz
        (row,) = select.rows("default")
        assert timezone.is_aware(row.connection.created_at) is use_tz
        assert row.connection.created_at == Connection.objects.get().created_at


def test_none_is_sent_as_null() -> None:
    ConnectionFactory.create(name="contoso")
    select = Select(
        lambda: Connection.objects.filter(
            name_key=Coalesce(Parameter("chosen"), Parameter("default"))
        ).order_by(),
        models={"connection": ""},
    )
    assert len(list(select.rows("default", chosen=None, default="contoso"))) == 1
    assert list(select.rows("default", chosen="", default="contoso")) == []


def test_a_value_that_is_missing_is_an_error_and_no_query() -> None:
    select = Select(
        lambda: Connection.objects.filter(name=Parameter("name")), models={"connection": ""}
    )
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


def test_columns_can_be_selected_in_any_order() -> None:
    ConnectionFactory.create(name="contoso", display_name="Contoso")
    select = Select(
        Connection.objects.order_by, models={"one": ""}, columns=("display_name", "name")
    )
    (row,) = select.rows("default")
    assert (row.name, row.display_name, row.one.name) == ("contoso", "Contoso", "contoso")


def test_both_ways_send_the_same_statement(way: str, request: pytest.FixtureRequest) -> None:
    def sent() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            list(select().rows("default", name="contoso"))
        return [query["sql"] for query in queries]

    def select() -> Select:
        return Select(
            lambda: EnabledConnection.objects.filter(
                connection__name_key=Parameter("name")
            ).order_by(),
            models={"connection": "connection", "secret": "connection__credentials"},
            columns=("pk",),
        )

    if way == "plain":
        pytest.skip("compares the two ways itself")
    compiled = sent()
    request.getfixturevalue("nothing_compiles")
    assert sent() == compiled


def test_a_query_that_cannot_be_compiled_is_logged_once(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    identity = IdentityFactory.create()
    select = Select(Identity.objects.order_by, models={"identity": ""})
    update = Update(Identity, "login_name")
    for _ in range(3):
        assert [row.identity for row in select.rows("default")] == [identity]
        assert update.store(identity, "default")
    logged = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(logged) == (0 if way == "compiled" else 2)
    assert all("azuread_connections.Identity could not be" in each.message for each in logged)


@pytest.mark.parametrize("missing", [0, 1])
def test_columns_in_another_order_than_asked_for_are_not_read_by_their_position(
    monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    ConnectionFactory.create(name="contoso", display_name="Contoso")
    as_sql = SQLCompiler.as_sql

    def reordered(self: SQLCompiler, *args: Any, **kwargs: Any) -> Any:
        compiled = as_sql(self, *args, **kwargs)
        if compiling:
            self.select = self.select[::-1][missing:]
        return compiled

    monkeypatch.setattr(SQLCompiler, "as_sql", reordered)
    compiling = True
    select = Select(Connection.objects.order_by, models={"connection": ""})
    rows = select.rows("default")
    compiling = False
    assert [row.connection.name for row in rows] == ["contoso"]
