from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.admin.directories import SHOWN_AT_ONCE
from azuread_connections.models import Connection, Directory

from .conftest import CLIENT_ID
from .pages import change_page, field_errors, messages_on, text

LIST = "/admin/azuread_connections/directory/"
ADD = f"{LIST}add/"
FABRIKAM = "99998888-aaaa-7777-bbbb-6666cccc5555"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.fixture
def connection(connection: Connection) -> Connection:
    connection.use_common_endpoint = True
    connection.save()
    return connection


@pytest.fixture
def waiting(connection: Connection) -> Directory:
    return connection.directories.create(
        tenant_id=FABRIKAM, domain="fabrikam.com", status=Directory.Status.WAITING
    )


def run(client: Client, action: str, *directories: Directory) -> Any:
    chosen = [directory.pk for directory in directories]
    return client.post(LIST, {"action": action, "_selected_action": chosen}, follow=True)


def decide_page(connection: Connection) -> str:
    return change_page(connection).replace("/change/", "/directories/")


def status_of(directory: Directory) -> str:
    directory.refresh_from_db()
    return directory.status


# --- The list -------------------------------------------------------------------------------


def test_selected_directories_are_approved_and_refused(boss: Client, waiting: Directory) -> None:
    response = run(boss, "approve", waiting)
    assert ("success", "1 directory approved.") in messages_on(response)
    assert status_of(waiting) == "allowed"
    message = LogEntry.objects.latest("pk").get_change_message()
    assert message == "Status: allowed instead of waiting for approval."
    run(boss, "refuse", waiting)
    assert status_of(waiting) == "refused"


def test_deciding_needs_a_permission_to_change(
    staff: Callable[..., Client], waiting: Directory
) -> None:
    client = staff("view_directory", "view_connection")
    assert "fabrikam.com" in text(client.get(LIST))
    run(client, "approve", waiting)
    assert client.post(decide_page(waiting.connection), {"approve": waiting.pk}).status_code == 403
    url = f"{LIST}{waiting.pk}/change/"
    assert client.post(url, {"status": "allowed", "domain": ""}).status_code == 403
    assert status_of(waiting) == "waiting"


@pytest.mark.parametrize("codename", ["change_directory", "change_connection"])
def test_either_permission_to_change_is_enough(
    staff: Callable[..., Client], waiting: Directory, codename: str
) -> None:
    run(staff(codename), "approve", waiting)
    assert status_of(waiting) == "allowed"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status__exact=waiting", True),
        ("status__exact=refused", False),
        ("q=FABRIKAM", True),
        (f"q={FABRIKAM.upper()}", True),
        ("q=99998888", False),
        ("connection=999999", False),
    ],
)
def test_searching_and_filtering(boss: Client, waiting: Directory, query: str, found: bool) -> None:
    rows = boss.get(f"{LIST}?{query}").context["cl"].result_list
    assert (waiting in rows) is found


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, connection: Connection, rows: int
) -> None:
    Directory.objects.all().delete()
    for number in range(rows):
        connection.directories.create(tenant_id=str(number), consent_returned_at=timezone.now())
    with CaptureQueriesContext(database) as queries:
        assert len(boss.get(LIST).context["cl"].result_list) == rows
    # Session, user, the filter's connections, count, rows.
    assert len(queries) == 5


# --- Adding ---------------------------------------------------------------------------------


def added(connection: Connection, tenant_id: str, **changes: Any) -> dict[str, Any]:
    data = {"connection": connection.pk, "tenant_id": tenant_id, "domain": "", "status": "allowed"}
    return data | changes


def test_a_directory_is_listed_by_its_id(boss: Client, connection: Connection) -> None:
    assert boss.post(ADD, added(connection, f" {FABRIKAM.upper()} ")).status_code == 302
    assert connection.directories.get(tenant_id=FABRIKAM).status == "allowed"


def test_an_id_is_an_id(boss: Client, connection: Connection) -> None:
    errors = field_errors(boss.post(ADD, added(connection, "fabrikam.com")))
    assert "Enter the “Tenant ID”" in errors["tenant_id"][0]


def test_personal_accounts_can_be_listed_with_a_warning(
    boss: Client, connection: Connection
) -> None:
    response = boss.post(ADD, added(connection, PERSONAL), follow=True)
    warnings = [message for level, message in messages_on(response) if level == "warning"]
    assert "anybody can now sign in with contoso" in warnings[0]
    assert connection.directories.filter(tenant_id=PERSONAL).exists()


def test_a_status_without_effect_is_warned_of(boss: Client, connection: Connection) -> None:
    Connection.objects.update(use_common_endpoint=False)
    response = boss.post(ADD, added(connection, FABRIKAM), follow=True)
    assert "without “Use common endpoint”" in messages_on(response)[0][1]


def test_adding_needs_its_permission(staff: Callable[..., Client], connection: Connection) -> None:
    client = staff("view_directory")
    assert client.post(ADD, added(connection, FABRIKAM)).status_code == 403
    assert not connection.directories.filter(tenant_id=FABRIKAM).exists()


def test_of_a_stored_directory_only_status_and_domain_are_edited(
    boss: Client, connection: Connection, waiting: Directory
) -> None:
    other = Connection.objects.create(name="other", domain="other.com", client_id=CLIENT_ID)
    data = added(other, PERSONAL, domain="checked.example", status="refused")
    boss.post(f"{LIST}{waiting.pk}/change/", data)
    waiting.refresh_from_db()
    assert (waiting.connection, waiting.tenant_id) == (connection, FABRIKAM)
    assert (waiting.domain, waiting.status) == ("checked.example", "refused")


def test_what_a_directory_granted_is_shown(boss: Client, waiting: Directory) -> None:
    Directory.objects.filter(pk=waiting.pk).update(
        delegated_scopes="GroupMember.Read.All User.Read",
        delegated_since=timezone.now(),
        application_permissions="User.Read.All",
        application_since=timezone.now(),
        consent_returned_at=timezone.now(),
        consent_asked_by="boss",
    )
    for url in (f"{LIST}{waiting.pk}/change/", change_page(waiting.connection)):
        page = text(boss.get(url))
        for words in ("GroupMember.Read.All", "User.Read.All", "just now", "asked by boss"):
            assert words in page


# --- On the connection's page ---------------------------------------------------------------


def test_a_directory_is_approved_and_refused_on_the_connections_page(
    boss: Client, connection: Connection, waiting: Directory
) -> None:
    html = boss.get(change_page(connection)).content.decode()
    assert 'aria-label="Approve fabrikam.com"' in html
    # A button inside the page's own form would be pressed by Enter.
    assert html.count('form="azuread-decide"') == html.count('name="approve"') + html.count(
        'name="refuse"'
    )
    response = boss.post(decide_page(connection), {"approve": waiting.pk})
    assert response["Location"] == f"{change_page(connection)}#azuread-directories"
    assert status_of(waiting) == "allowed"
    boss.post(decide_page(connection), {"refuse": waiting.pk})
    assert status_of(waiting) == "refused"


def test_another_connections_directory_is_not_decided_here(
    boss: Client, connection: Connection, waiting: Directory
) -> None:
    other = Connection.objects.create(name="other", domain="other.com", client_id=CLIENT_ID)
    boss.post(decide_page(other), {"approve": waiting.pk})
    boss.post(decide_page(connection), {"approve": "nonsense"})
    boss.get(decide_page(connection), {"approve": waiting.pk})
    assert status_of(waiting) == "waiting"


def test_deciding_is_not_forged_from_elsewhere(
    boss: Client, connection: Connection, waiting: Directory
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = boss.cookies
    assert strict.post(decide_page(connection), {"approve": waiting.pk}).status_code == 403
    assert status_of(waiting) == "waiting"


def test_of_very_many_directories_those_that_wait_come_first(
    boss: Client, connection: Connection, waiting: Directory
) -> None:
    for number in range(SHOWN_AT_ONCE + 5):
        connection.directories.create(tenant_id=str(number))
    response = boss.get(change_page(connection))
    rows = response.context["directories"]
    assert len(rows) == SHOWN_AT_ONCE
    assert rows[0]["pk"] == waiting.pk
    assert f'href="{LIST}?connection={connection.pk}"' in response.content.decode()
    assert "All directories of this connection" in text(response)
