"""A page has a limited number of buttons; with more connections it asks for the address."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Application, Connection, EnabledConnection, Identity
from azuread_connections.testing import next_address
from tests.company import Company, query_of
from tests.factories import (
    ApplicationFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOTE = "Many organisations sign in here."


@pytest.fixture
def customers(contoso: Company, application: Application) -> Company:
    """Contoso and eleven others: as many as a page shows."""
    for number in range(11):
        connection = ConnectionFactory.create(name=f"c{number}", domain=f"c{number}.example")
        EnabledConnectionFactory.create(application=application, connection=connection)
    return contoso


def one_more(application: Application) -> Connection:
    connection = ConnectionFactory.create(name="one-more", domain="one-more.example")
    EnabledConnectionFactory.create(application=application, connection=connection)
    return connection


def test_up_to_the_cap_all_buttons_are_shown(customers: Company, client: Client) -> None:
    page = client.get("/login/").content.decode()
    assert page.count("Continue with ") == 12
    assert NOTE not in page


def test_beyond_it_there_is_the_email_only_and_a_sentence(
    customers: Company, client: Client, application: Application
) -> None:
    extra = one_more(application)
    page = client.get("/login/").content.decode()
    assert "Continue with " not in page
    assert NOTE in page
    answer = client.post("/login/", {"email": "adele.vance@contoso.com"})
    assert next_address(answer).startswith(customers.microsoft.url)
    # Connections without a button do not count.
    Connection.objects.filter(pk=extra.pk).update(show_as_button=False)
    assert client.get("/login/").content.decode().count("Continue with ") == 12


@pytest.mark.parametrize(("most", "shown"), [(0, 0), (11, 0), (12, 12), (13, 12)])
def test_a_setting_says_how_many(
    customers: Company, client: Client, settings: Any, most: int, shown: int
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"MAX_BUTTONS": most}
    page = client.get("/login/").content.decode()
    assert page.count("Continue with ") == shown
    assert (NOTE in page) == (not shown)


def test_no_more_than_one_in_excess_is_read(
    customers: Company, client: Client, application: Application
) -> None:
    one_more(application)
    with CaptureQueriesContext(database) as queries:
        client.get("/login/")
    assert len(queries) == 2
    assert "LIMIT 13" in queries[1]["sql"]


def test_the_template_tag_links_to_the_sign_in_page(
    customers: Company, application: Application, rf: Any
) -> None:
    one_more(application)
    template = Template('{% load azuread_connections %}{% azuread_login_buttons next="/x/" %}')
    shown = template.render(Context({"request": rf.get("/")}))
    assert shown.count("<a ") == 1
    assert 'href="/login/?next=%2Fx%2F"' in shown
    assert "Continue with your work email" in shown


def test_ones_own_accounts_are_connected_by_an_address(
    customers: Company, application: Application, client: Client
) -> None:
    one_more(application)
    user = UserFactory.create()
    client.force_login(user)
    page = "/login/profile/accounts"
    assert "Connect an account of" not in client.get(page).content.decode()
    text = client.post(page, {"email": "a@unknown.example"}).content.decode()
    assert "No sign-in is set up for this address." in text
    answer = client.post(page, {"email": "Adele Vance <adele.vance@contoso.com>"})
    assert customers.come_back(client, answer)["Location"] == page
    assert Identity.objects.get().user == user


def test_an_address_of_several_connections_is_a_choice_there_too(
    customers: Company, application: Application, client: Client
) -> None:
    one_more(application).aliases.create(domain="contoso.com")
    client.force_login(UserFactory.create())
    text = client.post("/login/profile/accounts", {"email": "a@contoso.com"}).content.decode()
    assert text.count("Connect an account of") == 2


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


def test_a_person_without_rights_in_the_admin_can_choose_another_account(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": "default"}
    contoso.sign_in(client)
    page = client.get("/admin/login/").content.decode()
    assert "are not authorized" in page
    start = page.split('azuread-button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert query_of(client.get(start)["Location"])["prompt"] == "select_account"


def test_a_foreign_next_on_the_admins_page_ends_at_the_admins_front_page(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": "default"}
    page = client.get("/admin/login/?next=https://evil.example.net/").content.decode()
    start = page.split('azuread-button" href="')[1].split('"')[0].replace("&amp;", "&")
    url = client.get(start)["Location"]
    assert contoso.come_back(client, url)["Location"] == "/admin/"
