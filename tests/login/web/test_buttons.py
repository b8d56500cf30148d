"""A page has a limited number of buttons; beyond it, an address leads to the connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Application, Connection, Identity
from azuread_connections.testing import next_address
from tests.company import Company
from tests.factories import ConnectionFactory, EnabledConnectionFactory, UserFactory

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
    # What is not shown as a button does not count.
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


def test_the_template_tag_leads_to_the_sign_in_page(
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
