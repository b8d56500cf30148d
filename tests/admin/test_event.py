from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from azuread_connections.login.log.failures import FAILURES
from azuread_connections.models import Application, Connection, Event
from azuread_connections.testing import StandIn
from tests.admin.pages import text
from tests.company import Company

LIST = "/admin/azuread_connections/event/"


def make(connection: Connection | None, **values: Any) -> Event:
    return Event.objects.create(
        **{
            "created_at": timezone.now(),
            "kind": Event.Kind.SIGN_IN_FAILED,
            "code": "secret_rejected",
            "reference": "K7M2QX4B",
            "connection": connection,
            "connection_name": "contoso",
            "application_name": "default",
            "person": "megan@contoso.com",
            "aadsts_code": 7000222,
            "message": "AADSTS7000222: The provided client secret keys are expired.",
            "correlation_id": "5f1d0b52-0000-4444-9999-aaaabbbbcccc",
            "trace_id": "77778888-0000-4444-9999-aaaabbbbcccc",
            "address": "192.0.2.7",
            "count": 3,
        }
        | values
    )


def rows_shown(client: Client, query: str = "") -> list[Event]:
    return list(client.get(f"{LIST}?{query}").context["cl"].result_list)


@pytest.fixture
def company(entra: StandIn, settings: Any, application: Any) -> Company:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return Company.create(entra, application)


def url(company: Company, page: str) -> str:
    name = f"admin:azuread_connections_connection_{page}"
    return reverse(name, args=[company.connection.pk])


def test_a_line_is_shown_whole(boss: Client, connection: Connection) -> None:
    event = make(connection)
    page = text(boss.get(f"{LIST}{event.pk}/change/"))
    for words in (
        "sign-in failed",
        "secret_rejected",
        "7000222",
        "keys are expired",
        "K7M2QX4B",
        "5f1d0b52-0000-4444-9999-aaaabbbbcccc",
        "77778888-0000-4444-9999-aaaabbbbcccc",
        "contoso",
        "megan@contoso.com",
        "192.0.2.7",
    ):
        assert words in page


def test_what_a_line_is_about_is_named_once_and_linked_while_it_is_there(
    boss: Client, connection: Connection, application: Application
) -> None:
    event = make(connection, application=application)
    url = f"{LIST}{event.pk}/change/"
    html = boss.get(url).content.decode()
    assert f'/admin/azuread_connections/connection/{connection.pk}/change/">contoso</a>' in html
    assert html.count("Connection:") == html.count("Application:") == html.count("Person:") == 1
    connection.delete()
    html = boss.get(url).content.decode()
    assert f"/connection/{connection.pk}/change/" not in html
    assert "contoso" in text(boss.get(url))


def test_a_long_person_is_cut_with_the_whole_in_the_tool_tip(
    boss: Client, connection: Connection
) -> None:
    person = f"{'x' * 200}@contoso.com"
    make(connection, person=person)
    assert f'class="azuread-person" title="{person}"' in boss.get(LIST).content.decode()


def test_the_filter_offers_the_closed_list_of_codes(boss: Client) -> None:
    page = text(boss.get(LIST))
    for failure in FAILURES.values():
        assert str(failure.title) in page


def test_a_line_is_named_in_words_and_in_the_sites_own_time(
    boss: Client, connection: Connection, settings: Any
) -> None:
    settings.TIME_ZONE = "America/New_York"
    event = make(connection, created_at=datetime(2026, 11, 23, 2, 22, tzinfo=UTC))
    assert str(event) == "2026-11-22 21:22 sign-in failed"
    html = boss.get(LIST).content.decode()
    assert (
        '<span title="secret_rejected">AADSTS7000222: The client secret has expired.</span>' in html
    )
    page = text(boss.get(f"{LIST}{event.pk}/change/"))
    assert "Time: 2026-11-22 21:22" in page
    assert " - " not in page.partition("Time:")[2].partition("Close")[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "AADSTS7000222: The client secret has expired."),
        (
            {"is_unconfirmed": True},
            "AADSTS7000222: The client secret has expired. (not confirmed by Microsoft)",
        ),
        (
            {"code": "user_refused", "aadsts_code": None, "message": "In no admitted group."},
            "This site refuses the user: In no admitted group.",
        ),
        (
            {"code": "transaction_missing", "aadsts_code": None, "message": ""},
            "The callback belongs to no open sign-in",
        ),
        ({"code": "", "aadsts_code": None, "message": "Not of a failure."}, ""),
    ],
)
def test_the_list_says_what_the_administrator_needs(
    boss: Client, connection: Connection, values: dict[str, Any], words: str
) -> None:
    """Not the employee's text."""
    make(connection, **values)
    html = boss.get(LIST).content.decode()
    if words:
        assert f">{words}</span>" in html
    else:
        assert "Not of a failure." not in html
    failure = FAILURES.get(values.get("code", "secret_rejected"))
    table = html.partition('id="result_list"')[2].partition("</table>")[0]
    assert failure is None or str(failure.title) not in table


def test_each_code_has_a_meaning_for_the_administrator(
    boss: Client, connection: Connection
) -> None:
    for failure in FAILURES.values():
        assert failure.meaning
        event = make(connection, code=failure.code, aadsts_code=None)
        page = text(boss.get(f"{LIST}{event.pk}/change/"))
        assert str(failure.meaning) in page
        assert f"The person sees: “{failure.title}. {failure.advice}”" in page


def test_a_long_message_is_cut_in_the_list(boss: Client, connection: Connection) -> None:
    make(connection, code="user_refused", aadsts_code=None, message="x" * 4000)
    assert "x" * 200 not in boss.get(LIST).content.decode()


def test_nobody_writes_the_log_by_hand(boss: Client, connection: Connection) -> None:
    event = make(connection)
    assert boss.get(f"{LIST}add/").status_code == 403
    assert boss.post(f"{LIST}{event.pk}/change/", {"code": "x"}).status_code == 403
    assert boss.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    boss.post(LIST, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert Event.objects.get().code == "secret_rejected"


def test_reading_needs_its_permission(staff: Callable[..., Client], connection: Connection) -> None:
    make(connection)
    assert staff().get(LIST).status_code == 403


def test_the_newest_comes_first(boss: Client, connection: Connection) -> None:
    for days in (2, 0, 1):
        make(connection, created_at=timezone.now() - timedelta(days=days), message=str(days))
    assert [event.message for event in rows_shown(boss)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=k7m2qx4b", True),
        ("q=MEGAN", True),
        ("q=5F1D0B52-0000-4444-9999-AAAABBBBCCCC", True),
        ("q=K7M2", False),
        ("kind__exact=sign_in_failed", True),
        ("kind__exact=signed_in", False),
        ("code=secret_rejected", True),
        ("code=access_denied", False),
        ("connection=999999", False),
    ],
)
def test_searching_and_filtering(
    boss: Client, connection: Connection, query: str, found: bool
) -> None:
    make(connection)
    assert bool(rows_shown(boss, query)) is found


def test_filtering_by_connection(boss: Client, connection: Connection) -> None:
    event = make(connection)
    make(None)
    assert rows_shown(boss, f"connection={connection.pk}") == [event]


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, connection: Connection, application: Application, rows: int
) -> None:
    for _ in range(rows):
        make(connection, application=application)
    with CaptureQueriesContext(database) as queries:
        assert len(rows_shown(boss)) == rows
    # Session, user, the filter's connections, count, rows.
    assert len(queries) == 7


@pytest.mark.parametrize("typed", ["MARTHA22", "%20martha22%20", "Reference+for+support:+MARTHA22"])
def test_a_reference_is_found_by_its_index_and_finds_only_its_event(
    boss: Client, connection: Connection, typed: str
) -> None:
    """The text that a person reads to support; the log can have millions of lines."""
    wanted = make(connection, reference="MARTHA22")
    make(connection, reference="ZZZZ2222", person="martha22@contoso.com")
    with CaptureQueriesContext(database) as queries:
        assert rows_shown(boss, f"q={typed}") == [wanted]
    searches = [query["sql"] for query in queries if "MARTHA22" in query["sql"]]
    assert searches
    assert not [sql for sql in searches if "LIKE" in sql]


def test_who_searches_does_not_wait_for_the_chart(boss: Client, connection: Connection) -> None:
    make(connection, reference="MARTHA22")
    assert "chart" in boss.get(LIST).context
    assert "chart" not in boss.get(f"{LIST}?q=MARTHA22").context


def test_text_that_is_not_a_reference_is_searched_as_a_name(
    boss: Client, connection: Connection
) -> None:
    named = make(connection, reference="ZZZZ2222", person="martha22@contoso.com")
    assert rows_shown(boss, "q=MARTHA22") == [named]


def test_an_event_explains_itself(company: Company, boss: Client) -> None:
    company.microsoft.fault("token", aadsts=7000222)
    company.sign_in(Client())
    event = Event.objects.get(kind="sign_in_failed")
    page = boss.get(
        reverse("admin:azuread_connections_event_change", args=[event.pk])
    ).content.decode()
    assert "AADSTS7000222" in page
    assert "Who can fix it" in page
    assert f'<a href="{url(company, "change")}#credentials-group">' in page
