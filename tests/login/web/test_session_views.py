from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Connection, EnabledConnection
from tests.company import Company
from tests.factories import ApplicationFactory, EnabledConnectionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_button_says_the_display_name_else_the_name(contoso: Company, client: Client) -> None:
    assert "Continue with contoso" in client.get("/login/").content.decode()
    Connection.objects.update(display_name="Contoso & <Sons>")
    page = client.get("/login/").content.decode()
    assert "Continue with Contoso &amp; &lt;Sons&gt;" in page
    assert 'href="/login/contoso/"' in page


def test_the_logo_is_twenty_by_twenty(contoso: Company, client: Client) -> None:
    Connection.objects.update(logo_url="https://contoso.com/logo.png")
    page = client.get("/login/").content.decode()
    assert 'src="https://contoso.com/logo.png" alt="" width="20" height="20"' in page
    assert 'data-initial="C"' in page  # where it does not load


def test_only_what_is_enabled_here_and_shown_as_a_button_is_shown(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnection.objects.filter(connection=fabrikam.connection).update(application=portal)
    assert "fabrikam" not in client.get("/login/").content.decode()
    assert "fabrikam" in client.get("/login/", {"application": "portal"}).content.decode()
    Connection.objects.update(show_as_button=False)
    page = client.get("/login/").content.decode()
    assert "Continue with" not in page
    assert "Your work email" in page


def test_an_unknown_application_has_no_buttons(contoso: Company, client: Client) -> None:
    response = client.get("/login/", {"application": "nothing"})
    assert response.status_code == 200
    assert "Continue with" not in response.content.decode()


def test_the_destination_travels_with_every_link(contoso: Company, client: Client) -> None:
    page = client.get("/login/", {"next": "/reports/?a=1&b=2"}).content.decode()
    assert 'href="/login/contoso/?next=%2Freports%2F%3Fa%3D1%26b%3D2"' in page
    assert 'href="/password/?next=%2Freports%2F%3Fa%3D1%26b%3D2"' in page


def test_a_foreign_destination_does_not(contoso: Company, client: Client) -> None:
    page = client.get("/login/", {"next": "https://evil.example.net/"}).content.decode()
    assert "evil" not in page


def test_without_the_setting_there_is_no_password_link(client: Client, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PASSWORD_LOGIN_URL": ""}
    assert "password" not in client.get("/login/").content.decode()


def test_the_page_takes_two_queries_at_any_number_of_connections(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    with CaptureQueriesContext(database) as queries:
        client.get("/login/")
    assert len(queries) == 2


def test_the_template_tag_shows_the_same_buttons(contoso: Company, rf: Any) -> None:
    template = Template("{% load azuread_connections %}{% azuread_login_buttons %}")
    shown = template.render(Context({"request": rf.get("/", {"next": "/reports/"})}))
    assert 'href="/login/contoso/?next=%2Freports%2F"' in shown


def test_the_template_tag_takes_an_application_and_a_destination(contoso: Company, rf: Any) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
    template = Template(
        "{% load azuread_connections %}"
        '{% azuread_login_buttons application="portal" next="/portal/" %}'
    )
    shown = template.render(Context({"request": rf.get("/")}))
    assert 'href="/login/contoso/?application=portal&amp;next=%2Fportal%2F"' in shown


def test_the_profile_is_the_signed_in_persons(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    response = client.get("/login/profile")
    assert response.status_code == 200
    assert response.json() == {
        "user": {
            "id": int(client.session["_auth_user_id"]),
            "username": "adele.vance@contoso.com",
            "email": "adele.vance@contoso.com",
        },
        "connection": "contoso",
        "directory": contoso.directory.tenant_id,
        "object_id": contoso.person.object_id,
        "profile": {
            "name": "Adele Vance",
            "given_name": "",
            "family_name": "",
            "email": "adele.vance@contoso.com",
            "email_verified": True,
            "username": "adele.vance@contoso.com",
        },
        "groups": [],
    }


def test_without_a_sign_in_there_is_no_profile(client: Client, contoso: Company) -> None:
    assert client.get("/login/profile").status_code == 401
    client.force_login(UserFactory.create())
    assert client.get("/login/profile").status_code == 401


def test_signing_out_takes_a_post(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert client.get("/login/logout").status_code == 405
    assert client.get("/login/profile").status_code == 200
    response = client.post("/login/logout")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/login/profile").status_code == 401


def test_signing_out_takes_a_token_against_forgery(contoso: Company) -> None:
    browser = Client(enforce_csrf_checks=True)
    contoso.sign_in(browser)
    assert browser.post("/login/logout").status_code == 403


def test_the_admins_sign_in_page_has_the_buttons_of_its_application(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": "default"}
    page = client.get("/admin/login/").content.decode()
    assert 'href="/login/contoso/?application=default&amp;next=%2Fadmin%2F"' in page
    page = client.get("/admin/login/?next=/admin/auth/").content.decode()
    assert "next=%2Fadmin%2Fauth%2F" in page
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": ""}
    assert "Continue with" not in client.get("/admin/login/").content.decode()


def test_a_foreign_next_on_the_admins_page_ends_at_home(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": "default"}
    page = client.get("/admin/login/?next=https://evil.example.net/").content.decode()
    start = page.split('azuread-button" href="')[1].split('"')[0].replace("&amp;", "&")
    url = client.get(start)["Location"]
    assert contoso.come_back(client, url)["Location"] == "/"
