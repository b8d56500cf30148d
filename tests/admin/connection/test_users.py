"""The directory's users, through real HTTP to the stand-in's Graph."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core import signing
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Application, Connection, Directory, Identity
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page, text
from tests.company import Company


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    microsoft.reset()
    company = Company.create(microsoft, application, enable_users_api=True)
    company.app.application = ["User.Read.All"]
    company.app.grant(company.directory)
    company.connection.save()
    return company


def users_page(connection: Connection) -> str:
    return change_page(connection).replace("/change/", "/users/")


def next_on(response: Any) -> str:
    match = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
    return unescape(match[1]) if match else ""


def rows(response: Any) -> list[str]:
    return [row["user"].name for row in response.context["rows"]]


def own_directory(company: Company) -> Directory:
    return company.connection.directories.get(tenant_id=company.directory.tenant_id)


def tie(company: Company, user: Any, object_id: str = "") -> Identity:
    return Identity.objects.create(
        user=user,
        cloud="global",
        tenant_id=company.directory.tenant_id,
        object_id=object_id or company.person.object_id,
    )


def test_users_are_listed_with_who_has_signed_in(
    boss: Client, company: Company, django_user_model: Any
) -> None:
    company.directory.add_person(
        "Diego <b>Siciliani", guest=True, enabled=False, graph={"jobTitle": "HR", "department": "D"}
    )
    user = django_user_model.objects.create_user("adele")
    tie(company, user)
    response = boss.get(users_page(company.connection))
    assert rows(response) == ["Adele Vance", "Diego <b>Siciliani"]
    assert b"<b>Siciliani" not in response.content
    page = text(response)
    for words in ("adele.vance@contoso.com", "HR", "guest", "no"):
        assert words in page
    assert f'<a href="/admin/auth/user/{user.pk}/change/">adele</a>' in response.content.decode()


def test_the_user_is_linked_only_for_who_may_see_users(
    staff: Callable[..., Client], company: Company, django_user_model: Any
) -> None:
    tie(company, django_user_model.objects.create_user("adele"))
    client = staff("view_connection", "search_directory")
    response = client.get(users_page(company.connection))
    assert "as adele" in text(response)
    assert "/auth/user/" not in response.content.decode()


def test_users_are_searched(boss: Client, company: Company) -> None:
    company.directory.add_person("Diego Siciliani")
    assert rows(boss.get(users_page(company.connection), {"q": " diego"})) == ["Diego Siciliani"]
    response = boss.get(users_page(company.connection), {"q": 'nobody" OR "\\'})
    assert "Nobody found." in text(response)


def test_next_links_cover_all_pages(boss: Client, company: Company) -> None:
    for number in range(59):
        company.directory.add_person(f"Person {number:02}")
    url = users_page(company.connection)
    response = boss.get(url)
    seen = rows(response)
    while following := next_on(response):
        response = boss.get(url + following)
        seen += rows(response)
    assert len(seen) == len(set(seen)) == 60
    assert "First page" in text(response)


def test_the_next_page_cannot_be_chosen_by_anybody_else(boss: Client, company: Company) -> None:
    other = Connection.objects.create(name="other", domain="o.com", client_id=company.app.client_id)
    url = users_page(company.connection)
    graph = company.microsoft.graph_url
    salt = "azuread_connections.admin.connection.users"
    for forged in (
        "https://evil.example/",
        f"{graph}/v1.0/users",
        signing.dumps([company.connection.pk, f"{graph}/v1.0/organization"]),
        signing.dumps([other.pk, f"{graph}/v1.0/organization"], salt=salt),
    ):
        response = boss.get(url, {"page": forged})
        assert "That link has expired" in text(response)
        assert rows(response) == ["Adele Vance"]
    assert company.microsoft.count("graph") == 0


def test_a_signed_link_to_another_host_than_graph_is_not_followed(
    boss: Client, company: Company
) -> None:
    salt = "azuread_connections.admin.connection.users"
    signed = signing.dumps([company.connection.pk, "https://evil.example/"], salt=salt)
    page = text(boss.get(users_page(company.connection), {"page": signed}))
    assert "on another host" in page


@pytest.mark.parametrize("people", [2, 20])
def test_the_page_takes_the_same_queries_at_any_number_of_people(
    boss: Client, company: Company, django_user_model: Any, people: int
) -> None:
    for number in range(people - 1):
        person = company.directory.add_person(f"Person {number}")
        tie(company, django_user_model.objects.create_user(f"u{number}"), person.object_id)
    url = users_page(company.connection)
    boss.get(url)
    with CaptureQueriesContext(database) as queries:
        assert len(rows(boss.get(url))) == people
    # Session, user, connection, own directory, identities with their users.
    assert len(queries) == 5


# --- What a search proves -------------------------------------------------------------------


def test_a_search_that_succeeds_proves_the_permission_once(boss: Client, company: Company) -> None:
    boss.get(users_page(company.connection))
    proven = own_directory(company)
    assert proven.application_permissions == "User.Read.All"
    assert proven.application_since is not None
    boss.get(users_page(company.connection), {"q": "a"})
    assert own_directory(company).application_since == proven.application_since
    assert "confirmed" in text(boss.get(change_page(company.connection)))


def test_a_missing_permission_links_to_the_consent(boss: Client, company: Company) -> None:
    Directory.objects.update(application_permissions="User.Read.All")
    company.app.revoke(company.directory)
    response = boss.get(users_page(company.connection))
    assert "has not granted the application permission “User.Read.All”" in text(response)
    assert f'href="{change_page(company.connection)}#azuread-consent"' in response.content.decode()
    assert own_directory(company).application_permissions == ""


def test_errors_are_explained_in_words(boss: Client, company: Company) -> None:
    url = users_page(company.connection)
    company.microsoft.fault("users", status=500, times=None)
    assert "Traceback" not in text(boss.get(url))
    assert boss.get(url).context["error"]
    company.microsoft.stop()
    assert "Microsoft cannot be reached" in text(boss.get(url))
    company.microsoft.start()


def test_a_problem_with_the_secret_is_explained_without_showing_it(
    boss: Client, company: Company
) -> None:
    url = users_page(company.connection)
    value = company.app.secrets[0].value
    company.app.remove_secret(value)
    response = boss.get(url)
    assert "Microsoft refuses the credential" in text(response)
    assert value not in response.content.decode()
    company.connection.credentials.all().delete()
    assert "has no credential" in text(boss.get(url))


# --- Who may --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codenames",
    [("view_connection", "change_connection"), ("search_directory",)],
)
def test_searching_needs_its_permission(
    staff: Callable[..., Client], company: Company, codenames: tuple[str, ...]
) -> None:
    client = staff(*codenames)
    assert client.get(users_page(company.connection)).status_code == 403
    assert company.microsoft.count("users") == 0


def test_while_the_option_is_off_page_and_link_are_missing(boss: Client, company: Company) -> None:
    assert (
        users_page(company.connection) in boss.get(change_page(company.connection)).content.decode()
    )
    Connection.objects.update(enable_users_api=False)
    assert boss.get(users_page(company.connection)).status_code == 404
    assert (
        users_page(company.connection)
        not in boss.get(change_page(company.connection)).content.decode()
    )
