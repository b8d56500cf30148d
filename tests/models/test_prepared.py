"""Statements compiled once give the same results as Django's own."""

from __future__ import annotations

import gc
import logging
import re
import threading
import weakref
from types import ModuleType
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import Model
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.bearer import rows
from azuread_connections.login.lookup import enabled
from azuread_connections.login.state import session
from azuread_connections.login.users import directories, identities
from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Event,
    Identity,
)
from azuread_connections.models.prepared import Parameter, Select, _Compiled
from azuread_connections.models.prepared_writes import Insert, Update
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


APP = (enabled, session, directories, identities, rows)


def selects_of(module: ModuleType) -> list[Select]:
    values = [each for each in vars(module).values() if isinstance(each, Select | dict)]
    values += [each for found in values if isinstance(found, dict) for each in found.values()]
    return [each for each in values if isinstance(each, Select)]


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


@pytest.mark.django_db(transaction=True)
def test_the_connection_of_a_thread_ends_with_it(way: str) -> None:
    """Django has one for each thread, and under ASGI a thread for each request."""
    if way == "plain":
        pytest.skip("the warning's traceback has it")
    ConnectionFactory.create(name="contoso")
    select = Select(Connection.objects.order_by, models={"connection": ""})
    seen: list[weakref.ref[Any]] = []

    def read() -> None:
        seen.append(weakref.ref(connections["default"]))
        try:
            assert list(select.rows("default"))
        finally:
            connections["default"].close()

    for _ in range(3):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    gc.collect()
    assert [each() for each in seen] == [None] * 3


@pytest.mark.django_db(transaction=True)
def test_a_statement_outlives_the_connection_that_it_was_compiled_on() -> None:
    """As after a restart of the database, or after CONN_MAX_AGE."""
    pair = EnabledConnectionFactory.create()
    CredentialFactory.create(connection=pair.connection, expires_at=timezone.now())
    select = by_name()
    before = [values_of(row.connection) for row in select.rows("default")]
    connections["default"].close()
    assert [values_of(row.connection) for row in select.rows("default")] == before
    # What a process starts with for each thread: a wrapper of its own.
    other = connections["default"].copy()
    try:
        statement = next(iter(select._statements.values()))
        assert [values_of(row.connection) for row in statement.rows(other, {})] == before
    finally:
        other.close()


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


def test_columns_can_be_selected_in_any_order() -> None:
    ConnectionFactory.create(name="contoso", display_name="Contoso")
    select = Select(
        Connection.objects.order_by, models={"one": ""}, columns=("display_name", "name")
    )
    (row,) = select.rows("default")
    assert (row.name, row.display_name, row.one.name) == ("contoso", "Contoso", "contoso")


def with_whole_names(sql: str) -> str:
    """A statement whose tables have their own names, and whose columns have none."""
    sql = sql.replace('"', "").replace("`", "")  # Django 6.1 puts them around aliases, too
    for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (t\d+)", sql):
        sql = sql.replace(f" {alias} ", " ").replace(f"{alias}.", f"{table}.")
    return re.sub(r" AS \w+(?=,| FROM)", "", sql).strip()


def test_both_ways_send_the_same_statement_but_for_names(
    way: str, request: pytest.FixtureRequest
) -> None:
    def sent() -> str:
        with CaptureQueriesContext(connection) as queries:
            list(select().rows("default", name="contoso"))
        (query,) = queries
        return str(query["sql"])

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
    plain = sent()
    assert len(compiled) < len(plain) / 2
    assert with_whole_names(f"{compiled} ") == with_whole_names(plain)


def test_each_query_of_a_sign_in_is_compiled_and_short_enough_for_psycopg_to_keep(way: str) -> None:
    if way == "plain":
        pytest.skip("compiles")
    selects = [each for module in APP for each in selects_of(module)]
    assert len(selects) > 8
    for select in selects:
        statement = select._prepare("default")
        assert isinstance(statement, _Compiled)
        assert len(statement.sql) <= 4096, statement.sql


def test_a_query_that_cannot_be_compiled_is_logged_once(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    identity = IdentityFactory.create()
    select = Select(Identity.objects.order_by, models={"identity": ""})
    update, insert = Update(Identity, "login_name"), Insert(Event)
    for _ in range(3):
        assert [row.identity for row in select.rows("default")] == [identity]
        assert update.store(identity, "default")
        insert.store(Event(created_at=timezone.now()), "default")
    logged = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(logged) == (0 if way == "compiled" else 3)
    assert all("could not be compiled" in each.message for each in logged)


def test_a_database_that_cannot_be_reached_is_asked_again(
    way: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if way == "plain":
        pytest.skip("compiles")

    def unreachable(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    select = Select(Connection.objects.order_by, models={"connection": ""})
    with monkeypatch.context() as patched:
        patched.setattr(SQLCompiler, "as_sql", unreachable)
        with pytest.raises(OperationalError):
            select.rows("default")
    assert list(select.rows("default")) == []
    assert [type(each) for each in select._statements.values()] == [_Compiled]
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


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
