"""With ``form-action 'self'``, each of our forms that ends at Microsoft works.

The policy is that of tests/settings.py: every test in this folder runs under it, and fails if the
browser refuses anything.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.sites.admin_pages import furnish, pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    Connection.objects.update(display_name="Contoso")
    return company


def sign_in(page: Page, live_server: Any, person: str = "Adele Vance") -> None:
    page.goto(f"{live_server.url}/login/contoso/?next=/login/profile/accounts")
    page.get_by_role("button", name=person).click()
    page.wait_for_url("**/login/profile/accounts")


def post(page: Page, path: str, **fields: str) -> None:
    """Send a form within the page, as a site's templates do."""
    page.evaluate(
        """([path, fields]) => {
          const form = document.createElement("form");
          form.method = "post";
          form.action = path;
          const token = document.querySelector("[name=csrfmiddlewaretoken]");
          fields.csrfmiddlewaretoken = token ? token.value : "";
          for (const [name, value] of Object.entries(fields)) {
            form.append(Object.assign(document.createElement("input"), {name, value}));
          }
          document.body.append(form);
          form.submit();
        }""",
        [path, fields],
    )


def test_the_policy_is_in_force(company: Company, live_server: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{live_server.url}/login/")
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "default-src 'self'" in policy


def test_a_typed_address_goes_to_microsoft_and_back(
    company: Company, page: Page, live_server: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_label("Your work email").fill("Adele Vance <adele.vance@contoso.com>;")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")
    assert '"username": "adele.vance@contoso.com"' in page.inner_text("body")


def test_the_back_button_returns_from_microsoft_to_the_form(
    company: Company, page: Page, live_server: Any
) -> None:
    """The page in between is not in the browser's history."""
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_label("Your work email").fill("adele.vance@contoso.com")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Adele Vance").wait_for()
    page.go_back()
    expect(page.get_by_label("Your work email")).to_be_visible()


def test_signing_out_goes_through_microsoft(company: Company, page: Page, live_server: Any) -> None:
    get_user_model().objects.create_user("patti")
    sign_in(page, live_server)
    with page.expect_request("**/oauth2/v2.0/logout?**"):
        post(page, "/login/logout", microsoft="1", next="/login/")
    page.wait_for_url(f"{live_server.url}/login/")
    page.goto(f"{live_server.url}/login/profile")
    assert "not_signed_in" in page.inner_text("body")


def test_signing_out_can_redirect_to_another_site(
    company: Company, page: Page, live_server: Any
) -> None:
    elsewhere = f"{company.microsoft.url}/_standin/"
    Application.objects.update(allowed_logout_urls=[elsewhere])
    sign_in(page, live_server)
    post(page, "/login/logout", next=elsewhere)
    page.wait_for_url(elsewhere)


def test_switching_the_user_goes_to_microsoft(
    company: Company, page: Page, live_server: Any
) -> None:
    company.directory.add_person("Megan Bowen")
    sign_in(page, live_server)
    page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
    page.get_by_role("button", name="Megan Bowen").click()
    page.get_by_role("button", name="Continue as").click()
    page.get_by_role("button", name="Megan Bowen").click()
    page.wait_for_url("**/login/profile")
    assert '"username": "megan.bowen@contoso.com"' in page.inner_text("body")


def test_connecting_goes_to_microsoft(company: Company, page: Page, live_server: Any) -> None:
    sign_in(page, live_server)
    company.directory.add_person("Megan Bowen")
    page.get_by_role("button", name="Connect an account of Contoso").click()
    page.get_by_role("button", name="Megan Bowen").click()
    expect(page.get_by_text("megan.bowen@contoso.com")).to_be_visible()


def test_the_page_in_between_has_a_link_for_browsers_that_do_not_continue(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    """Some are set to ignore automatic redirects."""
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.route("**/authorize?**", lambda route: route.fulfill(status=204))
    page.get_by_label("Your work email").fill("adele.vance@contoso.com")
    # The browser must have tried: otherwise it would continue later.
    with page.expect_request("**/authorize?**"):
        page.get_by_role("button", name="Continue", exact=True).click()
    link = page.get_by_role("link", name="Continue")
    expect(link).to_be_visible()
    screenshots(page, "continue")
    page.unroute_all(behavior="wait")
    link.click()
    expect(page.get_by_role("button", name="Adele Vance")).to_be_visible()


def test_every_page_of_the_admin_works_under_it(
    microsoft: StandIn, boss: Page, live_server: Any
) -> None:
    company = furnish(microsoft)
    for path in pages(company).values():
        answer = boss.goto(f"{live_server.url}/admin/{path}")
        assert answer is not None
        assert answer.ok
