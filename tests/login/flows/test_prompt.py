"""Another account than the one that Microsoft would use again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import requests
from django.test import Client

from azuread_connections.models import Application, Connection, Directory
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def other_account(answer: Any) -> str:
    """Return the address of "Use another account", or ""."""
    found = re.search(r'<a href="([^"]+)">Use another account</a>', answer.content.decode())
    return html.unescape(found[1]) if found else ""


def test_the_start_asks_microsoft_for_the_choice(contoso: Company, client: Client) -> None:
    asked = query_of(
        contoso.start(client, prompt="select_account", login_hint="adele.vance@contoso.com")
    )
    assert asked["prompt"] == "select_account"
    assert asked["login_hint"] == "adele.vance@contoso.com"
    assert "domain_hint" not in asked  # it would skip the choice


@pytest.mark.parametrize("prompt", ["", "none", "login", "consent", "select_account none", "x"])
def test_every_other_value_is_ignored(contoso: Company, client: Client, prompt: str) -> None:
    assert "prompt" not in query_of(contoso.start(client, prompt=prompt))


def test_it_goes_along_to_the_main_host(contoso: Company, client: Client, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com"}
    answer = client.get("/login/contoso/", {"prompt": "select_account"})
    assert query_of(answer["Location"])["prompt"] == "select_account"


def test_a_refused_person_can_sign_in_with_another_account(
    contoso: Company, client: Client
) -> None:
    """Microsoft uses the browser's account again unless `prompt` makes it ask."""
    Connection.objects.update(allow_guests=False)
    contoso.microsoft.single_sign_on = True
    guest = contoso.directory.add_person("Megan Bowen", guest=True)
    with requests.Session() as browser:
        browser.trust_env = False
        url = contoso.start(client, next="/reports/")
        answer = client.get(contoso.microsoft.sign_in(url, guest, session=browser))
        assert error_code(answer) == "user_refused"
        again = client.get(other_account(answer))
        answer = client.get(contoso.microsoft.sign_in(again, contoso.person, session=browser))
    contoso.microsoft.single_sign_on = False
    assert answer["Location"] == "/reports/"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "consent_required", "error_description": "AADSTS65001: x"}, "consent_required"),
    ],
)
def test_the_link_is_on_pages_about_the_account(
    contoso: Company, client: Client, query: dict[str, str], code: str
) -> None:
    state = query_of(contoso.start(client, next="/reports/"))["state"]
    answer = client.get("/login/callback", {"state": state, **query})
    assert error_code(answer) == code
    assert other_account(answer) == "/login/contoso/?next=%2Freports%2F&prompt=select_account"


@pytest.mark.parametrize("status", ["waiting", "refused"])
def test_the_link_is_shown_for_a_refused_directory(
    contoso: Company, client: Client, status: str
) -> None:
    northwind = contoso.microsoft.add_directory("northwindtraders.com")
    patti = northwind.add_person("Patti Fernandez")
    contoso.app.multi_tenant = True
    contoso.app.grant(northwind)
    Connection.objects.update(use_common_endpoint=True, new_directories="hold")
    Directory.objects.create(
        connection=contoso.connection, tenant_id=northwind.tenant_id, status=status
    )
    answer = contoso.sign_in(client, patti)
    assert error_code(answer) == f"directory_{status}"
    assert other_account(answer) == "/login/contoso/?next=%2F&prompt=select_account"


@pytest.mark.parametrize("query", [{"error": "server_error"}, {"code": ""}])
def test_it_is_not_where_the_account_is_not_the_matter(
    contoso: Company, client: Client, query: dict[str, str]
) -> None:
    state = query_of(contoso.start(client))["state"]
    assert not other_account(client.get("/login/callback", {"state": state, **query}))


def test_the_sign_in_page_hands_it_to_every_way(contoso: Company, client: Client) -> None:
    page = client.get("/login/", {"next": "/reports/", "application": "default"})
    url = other_account(page)
    assert url == "/login/?application=default&next=%2Freports%2F&prompt=select_account"
    page = client.get(url)
    assert not other_account(page)
    text = html.unescape(page.content.decode())
    assert "Microsoft will ask which account to use." in text
    button = "/login/contoso/?application=default&next=%2Freports%2F&prompt=select_account"
    assert f'href="{button}"' in text
    answer = client.post(url, {"email": "adele.vance@contoso.com"})
    assert query_of(next_address(answer))["prompt"] == "select_account"


def test_without_a_connection_another_account_is_not_offered(
    client: Client, application: Application
) -> None:
    application.application_type = Application.Type.MACHINE_TO_MACHINE
    application.save()
    assert not other_account(client.get("/login/"))


def test_the_question_about_switching_offers_it_too(contoso: Company, client: Client) -> None:
    client.force_login(UserFactory.create(username="patti"))
    answer = contoso.sign_in(client, next="/reports/")
    assert b"Switch user?" in answer.content
    assert other_account(answer) == "/login/contoso/?next=%2Freports%2F&prompt=select_account"


def test_connecting_asks_which_account_is_meant(contoso: Company, client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user)
    answer = client.post("/login/profile/accounts", {"connect": "contoso"})
    assert query_of(next_address(answer))["prompt"] == "select_account"
