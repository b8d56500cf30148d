from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.admin.widgets.filters import with_secret_status
from azuread_connections.credentials.status import CredentialStatus, connection_credential_state
from azuread_connections.models import Application, Connection, Credential, Event, Identity
from tests.admin.conftest import CLIENT_ID, SECRET
from tests.admin.pages import LIST, text


def make(name: str, *expiries: datetime | None, refused: bool = False) -> Connection:
    """A connection with secrets; ``refused``: Microsoft refuses the first of them."""
    connection = Connection.objects.create(name=name, domain=f"{name}.com", client_id=CLIENT_ID)
    for number, expires_at in enumerate(expiries):
        refused_at = timezone.now() if refused and number == 0 else None
        connection.credentials.create(value=SECRET, expires_at=expires_at, refused_at=refused_at)
    return connection


def names_shown(client: Client, query: str) -> set[str]:
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 200
    return {connection.name for connection in response.context["cl"].result_list}


def sign_in(connection: Connection, user: Any, when: datetime | None, number: int = 0) -> None:
    Identity.objects.create(
        user=user,
        cloud="global",
        tenant_id="t",
        object_id=f"{connection.pk}-{number}",
        connection=connection,
        last_sign_in_at=when,
    )


@pytest.fixture
def user(boss: Client, django_user_model: Any) -> Any:
    return django_user_model.objects.get()


def test_a_row_says_what_matters(boss: Client, application: Application, user: Any) -> None:
    connection = make("contoso", timezone.now() + timedelta(days=12))
    connection.applications.add(application)
    sign_in(connection, user, timezone.now() - timedelta(days=40), 1)
    sign_in(connection, user, timezone.now() - timedelta(days=3), 2)
    sign_in(connection, user, None, 3)
    make("fabrikam")
    response = boss.get(LIST)
    page = text(response)
    for words in (
        "contoso.com",
        "Default App",
        "expires in 12 days",
        "3 days ago",
        "no secret",
        "none: nobody can use it",
        "never",
    ):
        assert words in page.replace("\xa0", " ")
    assert 'class="azuread-state azuread-state-expiring"' in response.content.decode()


def test_the_last_sign_in_is_the_connections_own_where_two_share_a_directory(
    boss: Client, user: Any
) -> None:
    ours, others = make("contoso"), make("contoso-staff")
    now = timezone.now()
    for connection, days in ((ours, 5), (ours, 3), (others, 1)):
        log(connection, now - timedelta(days=days))
    log(ours, now, kind=Event.Kind.SIGN_IN_FAILED)
    # The person's own row knows the last of the two only.
    sign_in(others, user, now - timedelta(days=1))
    rows = {row.name: row.last_sign_in_at for row in boss.get(LIST).context["cl"].result_list}
    assert rows == {
        "contoso": now - timedelta(days=3),
        "contoso-staff": now - timedelta(days=1),
    }


def test_directories_that_wait_are_counted(boss: Client, application: Application) -> None:
    connection = make("contoso")
    for number, status in enumerate(["waiting", "waiting", "allowed", "refused"]):
        connection.directories.create(tenant_id=str(number), status=status)
    response = boss.get(LIST)
    assert "2 directories waiting" in text(response)
    link = f"/admin/azuread_connections/connection/{connection.pk}/change/#azuread-directories"
    assert link in response.content.decode()


def log(connection: Connection, when: datetime, kind: str = Event.Kind.SIGNED_IN) -> None:
    Event.objects.create(created_at=when, kind=kind, connection=connection)


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, application: Application, user: Any, rows: int
) -> None:
    portal = Application.objects.create(name="Portal", slug="portal")
    for number in range(rows):
        connection = make(f"c{number}", timezone.now(), None)
        connection.applications.add(application, portal)
        sign_in(connection, user, timezone.now())
        log(connection, timezone.now())
        connection.directories.create(tenant_id="t", status="waiting")
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert len(boss.get(LIST).context["cl"].result_list) == min(rows, 20)
    assert len(queries) == 7, "\n".join(query["sql"] for query in queries)
    # Session, user, count of what is found, rows, applications, secrets, filter's applications.
    columns = [query["sql"].split(" FROM ")[0] for query in queries]
    secrets = next(each for each in columns if "refused_at" in each)
    assert "value" not in secrets


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=CONTOSO", {"contoso"}),
        ("q=Staff+of", {"fabrikam"}),
        ("q=fabrikam.com", {"fabrikam"}),
        ("q=11112222-bbbb", {"contoso", "fabrikam"}),
        ("q=northwind", set()),
        ("identity_api__exact=v1.0", {"fabrikam"}),
        ("show_as_button__exact=0", {"fabrikam"}),
    ],
)
def test_searching_and_filtering(boss: Client, query: str, found: set[str]) -> None:
    make("contoso")
    fabrikam = make("fabrikam")
    fabrikam.display_name = "Staff of Fabrikam"
    fabrikam.identity_api = Connection.IdentityAPI.V1
    fabrikam.show_as_button = False
    fabrikam.save()
    assert names_shown(boss, query) == found


def test_filtering_by_application(boss: Client, application: Application) -> None:
    make("contoso").applications.add(application)
    make("fabrikam")
    assert names_shown(boss, f"applications__id__exact={application.pk}") == {"contoso"}


def test_an_unknown_state_filters_nothing(boss: Client) -> None:
    make("contoso")
    assert names_shown(boss, "secret=nonsense") == {"contoso"}


@pytest.mark.parametrize("status", CredentialStatus)
def test_the_filter_agrees_with_the_words(boss: Client, status: CredentialStatus) -> None:
    for number, expiries in enumerate(all_mixtures(timezone.now())):
        make(f"c{number}", *expiries)
        make(f"r{number}", *expiries, refused=True)
    describe_error = {
        connection.name
        for connection in Connection.objects.all()
        if connection_credential_state(connection.credentials.all()).status is status
    }
    assert describe_error
    assert names_shown(boss, f"secret={status.value}") == describe_error


def test_the_filter_agrees_at_the_edges(db: None, settings: Any) -> None:
    settings.TIME_ZONE = "America/Los_Angeles"
    now = timezone.make_aware(datetime(2027, 3, 1, 23, 30))
    midnight = timezone.make_aware(datetime(2027, 4, 1))
    edges = [now, now + timedelta(seconds=1), midnight - timedelta(seconds=1), midnight]
    for number, expires_at in enumerate(edges):
        make(f"c{number}", expires_at)
        make(f"r{number}", expires_at, refused=True)
    for status in CredentialStatus:
        found = set(with_secret_status(Connection.objects.all(), status, now))
        assert found == {
            connection
            for connection in Connection.objects.all()
            if connection_credential_state(connection.credentials.all(), now).status is status
        }


def all_mixtures(now: datetime) -> Iterator[tuple[datetime | None, ...]]:
    one_of_each = (None, now - timedelta(days=3), now + timedelta(days=5), now + timedelta(days=99))
    for mixture in range(2 ** len(one_of_each)):
        yield tuple(e for bit, e in enumerate(one_of_each) if mixture >> bit & 1)


def test_the_list_can_be_sorted_by_the_last_sign_in(boss: Client, user: Any) -> None:
    for name, days in (("a", 3), ("b", 1), ("c", 2)):
        sign_in(make(name), user, timezone.now() - timedelta(days=days))
    rows = boss.get(f"{LIST}?o=-5").context["cl"].result_list
    assert [row.name for row in rows] == ["b", "c", "a"]


def test_secrets_are_never_decrypted_for_the_list(boss: Client, settings: Any) -> None:
    make("contoso", None)
    Credential.objects.update(hint="abc")
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "ENCRYPTION_KEYS": []}
    assert boss.get(LIST).status_code == 200
