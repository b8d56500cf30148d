from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.admin.directory_facts import SHOWN_AT_ONCE
from azuread_connections.models import Connection, Directory
from tests.admin.conftest import CLIENT_ID
from tests.admin.pages import change_page, field_errors, messages_on, text

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
    assert message == "Status: allowed (was waiting for approval)."
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


# --- Automatically accepted directories -----------------------------------------------------


@pytest.fixture
def came_by_itself(connection: Connection) -> Directory:
    return connection.directories.create(
        tenant_id=FABRIKAM,
        domain="fabrikam.com",
        admitted_by=Directory.AdmittedBy.ITSELF,
    )


@pytest.mark.parametrize(
    ("policy", "status"),
    [("accept", "allowed"), ("hold", "waiting for approval"), ("listed", "refused")],
)
def test_the_status_is_shown_as_it_counts_today(
    boss: Client, came_by_itself: Directory, policy: str, status: str
) -> None:
    Connection.objects.update(new_directories=policy)
    by = "itself, at its first sign-in" if policy == "accept" else "–"
    assert f"{FABRIKAM} contoso {status} {by} " in text(boss.get(f"{LIST}?q={FABRIKAM}"))
    came_by_itself.connection.refresh_from_db()
    selected = f'<option value="{came_by_itself.status_today.value}" selected>'
    assert selected in boss.get(f"{LIST}{came_by_itself.pk}/change/").content.decode()
    response = boss.get(change_page(came_by_itself.connection))
    [row] = [each for each in response.context["directories"] if not each["is_own"]]
    assert row["may_approve"] is (policy != "accept")


def approve_in_the_list(boss: Client, directory: Directory) -> None:
    run(boss, "approve", directory)


def approve_on_the_connections_page(boss: Client, directory: Directory) -> None:
    boss.post(decide_page(directory.connection), {"approve": directory.pk})


def approve_in_the_form(boss: Client, directory: Directory) -> None:
    boss.post(f"{LIST}{directory.pk}/change/", {"status": "allowed", "domain": ""})


@pytest.mark.parametrize(
    "approve", [approve_in_the_list, approve_on_the_connections_page, approve_in_the_form]
)
def test_approving_one_is_a_decision_for_good(
    boss: Client, came_by_itself: Directory, approve: Callable[..., None]
) -> None:
    approve(boss, came_by_itself)
    came_by_itself.refresh_from_db()
    assert (came_by_itself.status, came_by_itself.admitted_by) == ("allowed", "administrator")
    assert came_by_itself.status_today == "allowed"


def test_an_edited_domain_decides_nothing(boss: Client, came_by_itself: Directory) -> None:
    data = {"status": "waiting", "domain": "checked.example"}
    boss.post(f"{LIST}{came_by_itself.pk}/change/", data)
    came_by_itself.refresh_from_db()
    assert came_by_itself.domain == "checked.example"
    assert (came_by_itself.status, came_by_itself.admitted_by) == ("allowed", "itself")


def test_the_list_is_filtered_by_who_let_them_in(boss: Client, came_by_itself: Directory) -> None:
    rows = boss.get(f"{LIST}?admitted_by__exact=itself").context["cl"].result_list
    assert list(rows) == [came_by_itself]


# --- Deleting -------------------------------------------------------------------------------


def delete_its_page(boss: Client, directory: Directory) -> Any:
    return boss.post(f"{LIST}{directory.pk}/delete/", {"post": "yes"}, follow=True)


def look_at_deleting_it(boss: Client, directory: Directory) -> Any:
    return boss.get(f"{LIST}{directory.pk}/delete/", follow=True)


def delete_selected(boss: Client, directory: Directory) -> Any:
    chosen = {"action": "delete_selected", "_selected_action": [directory.pk], "post": "yes"}
    return boss.post(LIST, chosen, follow=True)


@pytest.mark.parametrize("delete", [delete_its_page, look_at_deleting_it, delete_selected])
def test_a_refused_directory_is_not_deleted_and_the_page_says_what_to_do(
    boss: Client, waiting: Directory, delete: Callable[..., Any]
) -> None:
    waiting.decide(Directory.Status.REFUSED)
    [(level, message)] = messages_on(delete(boss, waiting))
    assert level == "error"
    assert "set its status to “waiting for approval” first" in message
    assert status_of(waiting) == "refused"


@pytest.mark.parametrize("delete", [delete_its_page, delete_selected])
def test_any_other_is_deleted(boss: Client, waiting: Directory, delete: Callable[..., Any]) -> None:
    delete(boss, waiting)
    assert not Directory.objects.filter(pk=waiting.pk).exists()


@pytest.mark.parametrize("delete", [delete_its_page, delete_selected])
def test_deleting_needs_its_permission(
    staff: Callable[..., Client], waiting: Directory, delete: Callable[..., Any]
) -> None:
    waiting.decide(Directory.Status.REFUSED)
    client = staff("view_directory")
    delete(client, waiting)
    waiting.decide(Directory.Status.WAITING)
    delete(client, waiting)
    assert Directory.objects.filter(pk=waiting.pk).exists()


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
