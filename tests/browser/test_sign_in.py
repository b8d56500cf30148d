from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from azuread_connections.models import Application, Connection, Directory
from azuread_connections.testing import StandIn
from tests.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application)
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    Connection.objects.update(display_name="Contoso")
    return company


def test_a_person_signs_in_with_two_clicks(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    screenshots(page, "sign-in")
    page.get_by_role("link", name="Continue with Contoso").click()
    expect(page.get_by_text("Stand-in").first).to_be_visible()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")
    assert '"username": "adele.vance@contoso.com"' in page.inner_text("body")
    assert not [c for c in page.context.cookies() if "azuread_txn" in str(c.get("name"))]


def test_the_keyboard_is_enough(company: Company, page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your work email")).to_be_focused()
    page.keyboard.type("adele.vance@contoso.com")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Adele Vance").press("Enter")
    page.wait_for_url("**/login/profile")


def test_a_person_who_cancels_can_try_again(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_role("link", name="Continue with Contoso").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-error-code=access_denied]")).to_be_visible()
    screenshots(page, "declined")
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")


def test_the_back_button_after_signing_in_explains_itself(
    company: Company, page: Page, live_server: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_role("link", name="Continue with Contoso").click()
    with page.expect_request("**/login/callback?*") as callback:
        page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")
    page.goto(callback.value.url)
    expect(page.locator("[data-error-code=transaction_missing]")).to_be_visible()
    expect(page.get_by_role("link", name="Continue")).to_be_visible()


def test_two_tabs_end_where_each_began(company: Company, page: Page, live_server: Any) -> None:
    other = page.context.new_page()
    for tab, destination in ((page, "/login/profile?tab=1"), (other, "/login/profile?tab=2")):
        tab.goto(f"{live_server.url}/login/contoso/?next={destination.replace('?', '%3F')}")
    other.get_by_role("button", name="Adele Vance").click()
    other.wait_for_url("**/login/profile?tab=2")
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile?tab=1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_and_nothing_overflows_on_a_phone(
    company: Company, page: Page, live_server: Any, scheme: Any
) -> None:
    Connection.objects.update(display_name="Contoso " + "Gesellschaft" * 8)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{live_server.url}/login/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert contrast(page, ".azuread-button") >= 4.5
    assert contrast(page, ".azuread-card h1") >= 4.5


def contrast(page: Page, selector: str) -> float:
    """Return the WCAG 2 contrast ratio of an element's text with the background behind it."""
    return float(
        page.evaluate(
            """(selector) => {
              const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
              const luminance = ([r, g, b]) => [r, g, b]
                .map((v) => v / 255)
                .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const element = document.querySelector(selector);
              let behind = element;
              while (rgb(getComputedStyle(behind).backgroundColor)[3] === 0) {
                behind = behind.parentElement;
              }
              const [a, b] = [
                luminance(rgb(getComputedStyle(element).color)),
                luminance(rgb(getComputedStyle(behind).backgroundColor)),
              ].sort((x, y) => y - x);
              return (a + 0.05) / (b + 0.05);
            }""",
            selector,
        )
    )


def test_an_address_selects_the_right_sign_in(
    company: Company, page: Page, live_server: Any, screenshots: Any
) -> None:
    page.goto(f"{live_server.url}/login/?next=/login/profile")
    page.get_by_label("Your work email").fill("somebody@unknown.example")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("No sign-in is set up for this address")
    screenshots(page, "unknown-address")
    page.get_by_label("Your work email").fill("adele.vance@contoso.com")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url("**/login/profile")


def test_a_new_directory_waits_on_the_common_endpoint(
    company: Company, microsoft: StandIn, page: Page, live_server: Any, screenshots: Any
) -> None:
    northwind = microsoft.add_directory("northwindtraders.com")
    northwind.add_person("Patti Fernandez")
    company.app.multi_tenant = True
    company.app.grant(northwind)
    Connection.objects.update(use_common_endpoint=True, new_directories="hold")
    for approved in (False, True):
        page.goto(f"{live_server.url}/login/contoso/?next=/login/profile")
        page.get_by_role("button", name="Patti Fernandez").click()
        if not approved:
            expect(page.locator("[data-error-code=directory_waiting]")).to_be_visible()
            screenshots(page, "directory-waiting")
            Directory.objects.filter(status="waiting").update(status="allowed")
    page.wait_for_url("**/login/profile")


def test_the_admins_sign_in_page_has_its_buttons_below_the_form(
    company: Company, page: Page, live_server: Any, settings: Any, screenshots: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"ADMIN_APPLICATION": "default"}
    page.goto(f"{live_server.url}/admin/login/?next=/admin/")
    button = page.get_by_role("link", name="Continue with Contoso")
    submit = page.get_by_role("button", name="Log in")
    button_box, submit_box = button.bounding_box(), submit.bounding_box()
    assert button_box
    assert submit_box
    assert button_box["y"] > submit_box["y"] + submit_box["height"]
    assert button_box["width"] > 200
    screenshots(page, "admin-login")
