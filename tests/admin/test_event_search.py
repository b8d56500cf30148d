"""The search of the log: what it finds, and that an index answers, whatever the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from azuread_connections.admin import event_search
from azuread_connections.models import Connection, Event, Identity
from tests.admin.test_event import LIST, make, rows_shown
from tests.factories import IdentityFactory, UserFactory

CORRELATION = "5f1d0b52-0000-4444-9999-aaaabbbbcccc"
#: Rows of each table: so many that each database prefers an index to reading all of them.
MANY = 3_000
EVENTS = Event._meta.db_table
EVERYTHING = event_search.Sight(of_people=True, of_users=True)


# --- What is found ------------------------------------------------------------------------------


@pytest.fixture
def adele(connection: Connection) -> Identity:
    user = UserFactory.create(username="adele")
    return IdentityFactory.create(user=user, connection=connection, login_name="AdeleV@contoso.com")


@pytest.mark.parametrize(
    "typed", ["AdeleV@contoso.com", "ADELEV@contoso.com", "+adelev@contoso.com+", "adele"]
)
def test_a_person_is_found_by_login_name_in_any_case_and_by_username(
    boss: Client, connection: Connection, adele: Identity, typed: str
) -> None:
    """Also their events from before they were renamed."""
    renamed = make(connection, identity=adele, person="adele.vance@contoso.com")
    make(connection, person="megan@contoso.com")
    assert rows_shown(boss, f"q={typed}") == [renamed]


def test_events_of_a_deleted_person_are_found_in_any_case(
    boss: Client, connection: Connection, adele: Identity
) -> None:
    event = make(connection, identity=adele, person="AdeleV@contoso.com")
    make(connection, person="megan@contoso.com")
    adele.user.delete()
    assert rows_shown(boss, "q=adelev@contoso.com") == [event]


def test_a_person_who_is_also_an_administrator_is_found_in_both_roles(
    boss: Client, connection: Connection, adele: Identity
) -> None:
    signed_in = make(connection, identity=adele, person="AdeleV@contoso.com")
    tried = make(connection, kind="tried", person="adelev@contoso.com")
    assert rows_shown(boss, "q=adelev@contoso.com") == [tried, signed_in]


@pytest.mark.parametrize(
    "typed", ["contoso-staff", "CONTOSO-Staff", "Contoso+Ltd.", "contoso+ltd."]
)
def test_a_connection_is_found_by_name_and_display_name(
    boss: Client, connection: Connection, typed: str
) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        name="Contoso-Staff", name_key="contoso-staff", display_name="Contoso Ltd."
    )
    event = make(connection, connection_name="Contoso-Staff", person="")
    make(None, connection_name="", person="")
    assert rows_shown(boss, f"q={typed}") == [event]


def test_a_name_of_a_person_and_of_a_connection_finds_the_events_of_both(
    boss: Client, connection: Connection
) -> None:
    of_connection = make(connection, person="")
    of_person = make(None, person="contoso", connection_name="")
    make(None, person="megan", connection_name="")
    assert rows_shown(boss, "q=contoso") == [of_person, of_connection]


@pytest.mark.parametrize("typed", ["adele", "ADELE+vance", "fabrikam"])
def test_a_part_of_a_name_is_still_found(boss: Client, typed: str) -> None:
    """Also that of a connection which has been deleted."""
    event = make(None, person="adele.vance@contoso.com", connection_name="fabrikam-staff")
    make(None, person="megan@contoso.com", connection_name="contoso")
    assert rows_shown(boss, f"q={typed}") == [event]


def test_names_of_very_many_people_are_found_by_reading_the_log(
    boss: Client, connection: Connection, adele: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_search, "MOST_KEYS", 1)
    other = IdentityFactory.create(connection=connection, login_name="adelev@contoso.com")
    events = [
        make(connection, identity=identity, person="AdeleV@contoso.com")
        for identity in (adele, other)
    ]
    assert rows_shown(boss, "q=adelev@contoso.com") == events[::-1]


@pytest.mark.parametrize("typed", ["AdeleV@contoso.com", "contoso", "K7M2QX4B", CORRELATION])
def test_a_search_finds_nothing_of_connections_that_the_user_may_not_see(
    connection: Connection, adele: Identity, typed: str
) -> None:
    make(connection, identity=adele, person="AdeleV@contoso.com", reference="K7M2QX4B")
    assert event_search.search_by_index(Event.objects.all(), typed, EVERYTHING) is not None
    visible = Event.objects.exclude(connection=connection)
    assert event_search.search_by_index(visible, typed, EVERYTHING) is None


def test_who_is_tied_to_a_user_is_confirmed_only_to_those_who_may_see_both(
    staff: Callable[..., Client], connection: Connection, adele: Identity
) -> None:
    make(connection, identity=adele, person="former@contoso.com")
    viewer = staff("view_event", "view_connection")
    for typed in (adele.user.get_username(), adele.login_name):
        assert rows_shown(viewer, f"q={typed}") == []


@pytest.mark.parametrize(
    ("sees_people", "sees_users"), [(True, True), (True, False), (False, True)]
)
def test_a_search_confirms_what_its_user_may_see(
    staff: Callable[..., Client],
    connection: Connection,
    adele: Identity,
    sees_people: bool,
    sees_users: bool,
) -> None:
    """The event is from before the person was renamed, so that the log's text is not found."""
    event = make(connection, identity=adele, person="former@contoso.com")
    viewer = staff("view_event", "view_connection", *(["view_identity"] if sees_people else []))
    if sees_users:
        permission = Permission.objects.get(codename="view_user", content_type__app_label="auth")
        get_user_model()._default_manager.get(username="staff").user_permissions.add(permission)
    assert rows_shown(viewer, "q=adelev@contoso.com") == ([event] if sees_people else [])
    sees_ties = sees_people and sees_users
    assert rows_shown(viewer, "q=adele") == ([event] if sees_ties else [])


def test_a_username_that_is_no_text_is_left_out(
    connection: Connection, adele: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make(connection, identity=adele, person=adele.login_name)
    monkeypatch.setattr(get_user_model(), "USERNAME_FIELD", "id")
    found = event_search.search_by_index(Event.objects.all(), adele.login_name, EVERYTHING)
    assert found is not None
    assert list(found) == [event]


def test_a_search_for_spaces_shows_the_log(boss: Client, connection: Connection) -> None:
    event = make(connection)
    assert rows_shown(boss, "q=+") == [event]


# --- By which index -----------------------------------------------------------------------------


@pytest.fixture
def large(transactional_db: None, connection: Connection) -> None:
    """Many connections, users, people and events. MariaDB ends a transaction to analyze them."""
    now = timezone.now()
    connections = Connection.objects.bulk_create(
        Connection(
            name=f"customer-{n}",
            name_key=f"customer-{n}",
            display_name=f"Customer {n} Ltd.",
            domain=f"customer-{n}.com",
            client_id=connection.client_id,
        )
        for n in range(MANY)
    )
    users = get_user_model()._default_manager.bulk_create(
        get_user_model()(username=f"user{n}") for n in range(MANY)
    )
    people = Identity.objects.bulk_create(
        Identity(
            user=users[n],
            cloud="global",
            tenant_id=connection.client_id,
            object_id=f"{n:08}-0000-0000-0000-000000000000",
            connection=connections[n],
            login_name=f"Person{n}@contoso.com",
        )
        for n in range(MANY)
    )
    Event.objects.bulk_create(
        Event(
            created_at=now - timedelta(minutes=n),
            kind="signed_in",
            reference=f"{n:08}",
            connection=connections[n % MANY],
            connection_name=connections[n % MANY].name,
            identity=people[n % MANY],
            person=people[n % MANY].login_name,
        )
        for n in range(3 * MANY)
    )
    # Failures, and what staff did, have no identity.
    Event.objects.bulk_create(
        Event(
            created_at=now - timedelta(minutes=n),
            kind="sign_in_failed",
            reference=f"F{n:07}",
            connection=connections[n % MANY],
            person=f"Staff{n}" if n % 10 == 0 else "",
            correlation_id=f"{n:08}-1111-2222-3333-aaaabbbbcccc",
        )
        for n in range(MANY)
    )
    with database.cursor() as cursor:
        for model in (Connection, get_user_model(), Identity, Event):
            table = database.ops.quote_name(model._meta.db_table)
            verb = "ANALYZE TABLE" if database.vendor == "mysql" else "ANALYZE"
            cursor.execute(f"{verb} {table}")
            if cursor.description:
                cursor.fetchall()


SEARCHES = {
    "00000042": 1,
    "person42@contoso.com": 3,
    "user42": 3,
    "staff40": 1,
    "customer-42": 4,
    "customer 42 ltd.": 4,
    "00000042-1111-2222-3333-aaaabbbbcccc": 1,
    "00000042-1111-2222-3333-AAAABBBBCCCC": 1,
}


def test_a_search_reads_no_table(boss: Client, large: None) -> None:
    """Neither the log nor, to look a name up, the tables of connections, people and users."""
    for typed, number in SEARCHES.items():
        with explained() as plans:
            assert len(rows_shown(boss, f"q={typed}")) == number, typed
        searches = [plan for plan in plans if EVENTS in plan.sql]
        look_ups = [plan for plan in plans if "UNION" in plan.sql]
        assert len(searches) >= 3
        for plan in searches + look_ups:
            assert plan.whole_tables == set(), plan


def test_the_log_is_read_from_its_end_and_not_sorted(boss: Client, large: None) -> None:
    if database.vendor == "mysql":
        pytest.skip("MariaDB sorts so few rows rather; 300,000 it does not")
    with explained() as plans:
        boss.get(LIST)
    [page] = [plan for plan in plans if EVENTS in plan.sql and "LIMIT 100" in plan.sql]
    assert not page.sorts


def test_a_plan_that_reads_the_log_is_noticed(boss: Client, large: None) -> None:
    """So that the tests above can fail."""
    with explained() as plans:
        assert len(rows_shown(boss, "q=erson42@")) == 3
        rows_shown(boss, "o=3")
    assert any(EVENTS in plan.whole_tables for plan in plans)
    assert any(plan.sorts for plan in plans)


@dataclass(frozen=True)
class Plan:
    """How the database would answer a query. ``steps``: rows of EXPLAIN by column."""

    sql: str
    steps: list[dict[str, Any]]

    @property
    def whole_tables(self) -> set[str]:
        """The tables of which it reads all rows, or all entries of an index."""
        return {step[TABLE[database.vendor]] for step in self.steps if _reads_all(step)}

    @property
    def sorts(self) -> bool:
        signs = ("TEMP B-TREE", "Using filesort", "'Sort'")
        return any(sign in str(step) for step in self.steps for sign in signs)


TABLE = {"sqlite": "table", "mysql": "table", "postgresql": "Relation Name"}


def _reads_all(step: dict[str, Any]) -> bool:
    if database.vendor == "sqlite":
        return str(step["detail"]).startswith("SCAN azuread")
    if database.vendor == "mysql":
        return step["type"] in {"ALL", "index"} and not str(step["table"]).startswith("<")
    # A bitmap's conditions are in the steps below it.
    by_condition = "Index Cond" in step or step["Node Type"] == "Bitmap Heap Scan"
    return "Relation Name" in step and not by_condition


def _steps(rows: list[Any], columns: list[str]) -> list[dict[str, Any]]:
    if database.vendor == "postgresql":
        [[[whole]]] = rows
        return list(_nodes(whole["Plan"]))
    steps = [dict(zip(columns, row, strict=True)) for row in rows]
    for step in steps:
        if database.vendor == "sqlite":
            step["table"] = str(step["detail"]).split()[1]
    return steps


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {name: value for name, value in node.items() if name != "Plans"}
    for below in node.get("Plans", []):
        yield from _nodes(below)


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """Collect the plan of each query of the block, with its parameters as they are sent."""
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (FORMAT JSON)"}
    plans = []

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "(SELECT")):
            with database.cursor() as cursor:
                cursor.execute(f"{explain.get(database.vendor, 'EXPLAIN')} {sql}", params)
                columns = [column[0] for column in cursor.description]
                plans.append(Plan(sql, _steps(list(cursor.fetchall()), columns)))
        return execute(sql, params, many, context)

    with database.execute_wrapper(run):
        yield plans
