"""A browser that returns without its transaction can continue where the sign-in began."""

from __future__ import annotations

import html
import re
from typing import Any
from unittest import mock

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.conf import TRANSACTION_LIFETIME
from azuread_connections.login.state import sealing
from azuread_connections.models import Application, Connection, EnabledConnection, Event
from tests.company import Company, error_code, query_of, transaction_of
from tests.factories import ApplicationFactory, EnabledConnectionFactory, UserFactory

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"


def links(answer: Any) -> dict[str, str]:
    found = re.findall(r'<a[^>]* href="([^"]+)">([^<]+)</a>', answer.content.decode())
    return {text: html.unescape(url) for url, text in found}


def come_back_elsewhere(company: Company, url: str, browser: Client | None = None) -> Any:
    return (browser or Client()).get(company.microsoft.sign_in(url, company.person))


def test_a_browser_without_the_cookie_can_continue_with_the_connection_and_next(
    contoso: Company, client: Client
) -> None:
    """As after a link in Office, or a bookmark of Microsoft's page."""
    Connection.objects.update(display_name="Contoso")
    browser = Client()
    answer = come_back_elsewhere(contoso, contoso.start(client, next="/report"), browser)
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")
    again = links(answer)["Try again with Contoso"]
    assert again == "/login/contoso/?next=%2Freport"
    url = browser.get(again)["Location"]
    assert contoso.come_back(browser, url)["Location"] == "/report"


def test_after_ten_minutes_too(contoso: Company, client: Client) -> None:
    url = contoso.start(client, next="/report")
    with mock.patch("azuread_connections.login.state.transaction.time.time") as clock:
        clock.return_value = 4_000_000_000 + TRANSACTION_LIFETIME
        answer = contoso.come_back(client, url)
    assert error_code(answer) == "transaction_expired"
    assert links(answer)["Try again with contoso"] == "/login/contoso/?next=%2Freport"


def test_the_application_is_kept(contoso: Company, client: Client) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
    answer = come_back_elsewhere(contoso, contoso.start(client, application="portal"))
    assert "/login/contoso/?application=portal" in links(answer)["Try again with contoso"]


def test_a_signed_in_user_is_redirected_to_the_destination(
    contoso: Company, client: Client
) -> None:
    url = contoso.start(client, next="/report")
    browser = Client()
    browser.force_login(UserFactory.create())
    answer = come_back_elsewhere(contoso, url, browser)
    assert links(answer)["Continue"] == "/report"


def test_an_allowed_address_of_another_site_is_no_place_to_go_on_at_once(
    contoso: Company, client: Client, application: Application
) -> None:
    """A sign-in can end there, but an old address does not redirect a signed-in user there."""
    application.allowed_callback_urls = ["https://portal.example.com/in"]
    application.save()
    url = contoso.start(client, next="https://portal.example.com/in")
    browser = Client()
    browser.force_login(UserFactory.create())
    answer = come_back_elsewhere(contoso, url, browser)
    assert links(answer)["Continue"] == "/"
    assert "next=https%3A%2F%2Fportal.example.com%2Fin" in links(answer)["Try again with contoso"]
    application.allowed_callback_urls = []
    application.save()
    answer = come_back_elsewhere(contoso, url, browser)
    assert "portal.example.com" not in answer.content.decode()


@pytest.mark.parametrize("change", ["disabled", "deleted"])
def test_a_deleted_connection_is_not_offered(contoso: Company, client: Client, change: str) -> None:
    url = contoso.start(client, next="/report")
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    (EnabledConnection if change == "disabled" else Connection).objects.all().delete()
    answer = Client().get(callback_url)
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")
    assert links(answer)["Try again"] == "/login/"


def test_it_is_sealed_and_costs_the_start_nothing(contoso: Company, client: Client) -> None:
    with CaptureQueriesContext(database) as queries:
        state = query_of(contoso.start(client, next="/reports/secret-name/"))["state"]
    assert len(queries) == 1
    assert "secret-name" not in state
    assert len(query_of(contoso.start(client, next="/" + "a" * 511))["state"]) < 1000


def test_the_log_does_not_believe_it(contoso: Company, client: Client) -> None:
    """A failure without a transaction is logged without a connection, whatever its `state` says."""
    come_back_elsewhere(contoso, contoso.start(client))
    event = Event.objects.get()
    assert event.connection is None
    assert event.code == "transaction_missing"


@pytest.mark.parametrize("content", [[], [1], ["1", 2, "/"], [1, 2, 3], {}, None, [1, 2, "/", 4]])
def test_what_another_version_has_sealed_is_not_read(
    contoso: Company, client: Client, content: Any
) -> None:
    name = transaction_of(contoso.start(client))
    sealed = sealing.seal("resumption", content, name=name)
    answer = Client().get(CALLBACK, {"state": f"{name}.{sealed}"})
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")
    assert links(answer)["Try again"] == "/login/"


def test_consent_and_sign_out_carry_nothing_along(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    answer = client.post("/login/logout", {"microsoft": "1"})
    assert re.search(r"state=[A-Za-z0-9_-]{22}(&|\")", answer.content.decode())
