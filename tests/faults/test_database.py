"""The site's database is locked, full or gone: nothing is half-written, and sign-ins recover.

There is no failure code for it, on purpose: as for every page of the site, Django handles the
error, with the site's 500 page and its report to the developers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, connections
from django.dispatch import Signal
from django.test import Client

from azuread_connections.models import Event, Identity
from azuread_connections.signals import user_created
from tests.company import Company, error_code
from tests.entra.test_transport import free_port
from tests.faults.callback import (
    HASTY,
    assert_nobody_came_in,
    assert_recovers,
    browser,
    forget_everybody,
    in_time,
)

#: Milliseconds for which the database can delay a statement in these tests.
PATIENCE = 200

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's file")
only_servers = pytest.mark.skipif(connection.vendor == "sqlite", reason="a server's connection")


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> Iterator[None]:
    _be_impatient()
    yield
    connection.close()  # and be patient again


def _be_impatient() -> None:
    """Set the time limit that a real site has for its database, in this connection."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        elif connection.vendor == "postgresql":
            cursor.execute(f"SET lock_timeout = {PATIENCE}")
        else:  # in whole seconds
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1")


@contextmanager
def locked(model: Any) -> Iterator[Callable[[], None]]:
    """Another process locks the table, as a backup or a migration does. Yields a function that
    unlocks it."""
    other = connections.create_connection("default")
    table = model._meta.db_table
    try:
        with other.cursor() as cursor:
            if other.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            elif other.vendor == "postgresql":
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            else:
                cursor.execute(f"LOCK TABLES {table} READ")
        # Closing ends the transaction, and with it the lock; a thread can do it.
        other.inc_thread_sharing()
        yield other.close
    finally:
        other.close()


@contextmanager
def gone() -> Iterator[None]:
    """No connection can be opened: the server is down, or the file is not there."""
    there = dict(connection.settings_dict)
    if connection.vendor == "sqlite":
        connection.settings_dict["NAME"] = "/nowhere/at/all.sqlite3"
    else:
        connection.settings_dict["PORT"] = str(free_port())
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(there)


def assert_500(response: Any) -> None:
    """Assert Django's own page, without a code of ours, a traceback or a secret."""
    assert response.status_code == 500
    text = response.content.decode()
    assert "data-error-code" not in text
    assert "Traceback" not in text
    assert "/login" not in text


def about_to_return(company: Company) -> tuple[Client, str]:
    """A browser about to return from Microsoft, and the address.

    Somebody has signed in before, so that the hourly writes are done.
    """
    company.sign_in(browser(), company.directory.add_person("Megan Bowen"))
    forget_everybody()
    client = browser()
    return client, company.microsoft.sign_in(company.start(client), company.person)


def assert_can_be_repeated(company: Company, client: Client, callback_url: str) -> None:
    """Assert that reloading shows a page that says to try again, and that trying again succeeds."""
    again = client.get(callback_url)
    assert (again.status_code, error_code(again)) == (400, "transaction_expired")
    assert "Try again" in again.content.decode()
    assert_recovers(company, client)


# Locked


@pytest.mark.parametrize("model", [User, Identity, Session, Event], ids=lambda m: m.__name__)
def test_a_locked_table_ends_the_sign_in_with_nothing_half_written(
    contoso: Company, model: Any
) -> None:
    client, callback_url = about_to_return(contoso)
    with locked(model):
        with in_time(HASTY):
            assert_500(client.get(callback_url))
        assert_nobody_came_in()
    assert_can_be_repeated(contoso, client, callback_url)


@pytest.mark.parametrize(("limit", "attempts"), [(60, 3), (0.001, 1)])
def test_no_further_attempt_is_made_once_the_callbacks_time_is_over(
    contoso: Company, settings: Any, limit: float, attempts: int
) -> None:
    """Each attempt can wait as long as the database's own limit."""
    client, callback_url = about_to_return(contoso)
    failed = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        try:
            return execute(sql, *rest)
        except OperationalError:
            failed.append(sql)
            raise

    def hurry(document: dict[str, Any]) -> None:
        settings.AZUREAD_CONNECTIONS |= {"CALLBACK_TIMEOUT": limit}

    # By then Microsoft has answered, for which there was enough time.
    contoso.microsoft.tamper_token_response(hurry)
    with locked(User), connection.execute_wrapper(watch):
        assert_500(client.get(callback_url))
    assert len(failed) == attempts


def test_a_lock_that_is_given_up_in_time_costs_nothing_but_the_wait(contoso: Company) -> None:
    client, callback_url = about_to_return(contoso)
    with ThreadPoolExecutor(1) as pool, locked(User) as let_go:
        holder = pool.submit(lambda: (time.sleep(PATIENCE / 2000), let_go()))
        assert client.get(callback_url).status_code == 302
        holder.result()
    assert User.objects.count() == 1


def test_a_failure_keeps_its_page_though_its_line_of_the_log_cannot_be_stored(
    contoso: Company, caplog: pytest.LogCaptureFixture
) -> None:
    client, callback_url = about_to_return(contoso)
    contoso.microsoft.fault("token", status=503)
    with locked(Event):
        failed = client.get(callback_url)
    assert (failed.status_code, error_code(failed)) == (503, "microsoft_unreachable")
    [reference] = re.findall(r"<code>(\w+)</code>", failed.content.decode())
    assert f"The event {reference} could not be stored." in caplog.messages
    assert any(f"reference={reference}" in message for message in caplog.messages)
    assert_recovers(contoso, client, failed)


# Gone


def test_a_database_that_fails_at_the_callback_and_recovers(contoso: Company) -> None:
    client, callback_url = about_to_return(contoso)
    connection.close()
    with gone(), in_time():
        assert_500(client.get("/login/contoso/"))
        assert_500(client.get(callback_url))
    assert_nobody_came_in()
    assert contoso.microsoft.count("token") == 1  # of the one before: the code was not redeemed
    assert_can_be_repeated(contoso, client, callback_url)


@only_servers
@pytest.mark.parametrize("moment", [user_created, user_logged_in], ids=["user", "session"])
def test_a_connection_that_dies_within_the_sign_in_is_replaced(
    contoso: Company, moment: Signal
) -> None:
    """The server was restarted: uncommitted work is rolled back and repeated."""
    client, callback_url = about_to_return(contoso)
    with kill_at(moment) as killed, in_time():
        response = client.get(callback_url)
    assert killed == [True]
    assert response.status_code == 302
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    assert client.get("/login/profile").status_code == 200


@only_servers
@pytest.mark.parametrize("moment", [user_created, user_logged_in], ids=["user", "session"])
def test_a_database_server_that_fails_within_the_sign_in_and_recovers(
    contoso: Company, moment: Signal
) -> None:
    client, callback_url = about_to_return(contoso)
    with ExitStack() as outage, in_time(), kill_at(moment, lambda: outage.enter_context(gone())):
        assert_500(client.get(callback_url))
    assert_nobody_came_in()
    assert_can_be_repeated(contoso, client, callback_url)


@contextmanager
def kill_at(moment: Signal, then: Callable[[], Any] = bool) -> Iterator[list[bool]]:
    """Let the server drop our connection at the first such signal."""
    killed: list[bool] = []

    def kill(sender: Any, **kwargs: Any) -> None:
        if killed:
            return
        killed.append(True)
        other = connections.create_connection("default")
        with connection.cursor() as cursor, other.cursor() as at_other:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_backend_pid()")
                at_other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
            else:
                cursor.execute("SELECT CONNECTION_ID()")
                at_other.execute("KILL %s", cursor.fetchone())
        other.close()
        then()

    moment.connect(kill)
    try:
        yield killed
    finally:
        moment.disconnect(kill)


# Full


@contextmanager
def full_disk() -> Iterator[None]:
    """SQLite's file cannot grow by a single page."""
    with connection.cursor() as cursor:
        # Earlier tests have left empty pages in it.
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1000000")


@only_sqlite
def test_a_full_disk_ends_the_sign_in_with_nothing_half_written(
    contoso: Company, caplog: pytest.LogCaptureFixture
) -> None:
    client, callback_url = about_to_return(contoso)
    # More than fits on the pages that are there already.
    contoso.person.claims["name"] = "Adele " + "V" * 20_000
    with full_disk():
        with in_time():
            assert_500(client.get(callback_url))
        assert_nobody_came_in()
    assert "database or disk is full" in caplog.text
    assert_can_be_repeated(contoso, client, callback_url)
