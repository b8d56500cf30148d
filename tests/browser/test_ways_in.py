"""Other starts of a sign-in: by a link in a document, with another account, by the email only."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.browser.conftest import close
from tests.company import Company
from tests.factories import ConnectionFactory, EnabledConnectionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OFFICE = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    Connection.objects.update(display_name="Contoso")
    return company


def test_a_browser_that_calls_itself_office_arrives(
    company: Company, chromium: Browser, live_server: Any
) -> None:
    page = chromium.new_context(user_agent=OFFICE).new_page()
    page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")
    close(page.context)


def test_a_browser_without_the_sign_in_can_continue(
    company: Company, chromium: Browser, page: Page, live_server: Any, screenshots: Any
) -> None:
    """As after a bookmark of Microsoft's page."""
    page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
    other = chromium.new_context().new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Adele Vance").click()
    expect(other.locator("[data-error-code=transaction_missing]")).to_be_visible()
    screenshots(other, "ways-missing")
    other.get_by_role("link", name="Try again with Contoso").click()
    other.get_by_role("button", name="Adele Vance").click()
    other.wait_for_url("**/login/profile")
    close(other.context)


def test_a_refused_person_uses_another_account(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    """The stand-in keeps the browser signed in, as Microsoft does, and asks only with `prompt`."""
    Connection.objects.update(allow_guests=False)
    company.directory.add_person("Megan Bowen", guest=True)
    company.microsoft.single_sign_on = True
    try:
        page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
        page.get_by_role("button", name="Megan Bowen").click()
        refused = page.locator("[data-error-code=user_refused]")
        expect(refused).to_be_visible()
        screenshots(page, "ways-refused")
        page.get_by_role("link", name="Try again").click()
        expect(refused).to_be_visible()
        page.get_by_role("link", name="Use another account").click()
        page.get_by_role("button", name="Adele Vance").click()
        page.wait_for_url("**/login/profile")
    finally:
        company.microsoft.single_sign_on = False


def test_the_sign_in_page_lets_microsoft_ask(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_role("link", name="Use another account").click()
    expect(page.get_by_text("Microsoft will ask which account to use.")).to_be_visible()
    screenshots(page, "ways-select")
    page.get_by_role("link", name="Continue with Contoso").click()
    expect(page.get_by_role("button", name="Adele Vance")).to_be_visible()
    assert "prompt=select_account" in page.url


def test_with_many_connections_the_email_is_the_way(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    application = Application.objects.get(slug="default")
    for number in range(12):
        connection = ConnectionFactory.create(name=f"c{number}", domain=f"c{number}.example")
        EnabledConnectionFactory.create(application=application, connection=connection)
    page.goto(f"{live_server.url}/login/?next=/login/profile/accounts")
    expect(page.get_by_text("Many organisations sign in here.")).to_be_visible()
    screenshots(page, "ways-many")
    page.get_by_label("Your work email").fill("Adele Vance <adele.vance@contoso.com>")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Adele Vance").click()
    page.get_by_label("Your work email").fill("x@unknown.example")
    page.get_by_role("button", name="Connect this account").click()
    expect(page.get_by_role("alert")).to_contain_text("No sign-in is set up")
    screenshots(page, "ways-accounts")
    company.directory.add_person("Megan Bowen")
    page.get_by_label("Your work email").fill("megan.bowen@contoso.com")
    page.get_by_role("button", name="Connect this account").click()
    page.get_by_role("button", name="Megan Bowen").click()
    expect(page.get_by_text("megan.bowen@contoso.com")).to_be_visible()


def test_the_question_about_switching_has_a_third_answer(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    company.directory.add_person("Megan Bowen")
    for person in ("Adele Vance", "Megan Bowen"):
        page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
        page.get_by_role("button", name=person).click()
    screenshots(page, "ways-switch")
    page.get_by_role("link", name="Use another account").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")
