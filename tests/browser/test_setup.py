"""From a set-up link to the first employee signed in, by keyboard, with what the pages say."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from azuread_connections.models import Application, Connection, SetupLink
from azuread_connections.setup import links
from azuread_connections.testing import StandIn
from tests.browser.conftest import close

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: More than a page has elements that take the focus.
_MOST_TABS = 60


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until an element has the focus."""
    target.wait_for()
    for _ in range(_MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"No Tab leads to {target}")


def press(page: Page, name: str, role: Any = "button") -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True))
    page.keyboard.press("Enter")


def fill(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose_person(page: Page, name: str) -> None:
    """Choose an account on the page of the stand-in."""
    tab_to(page, page.get_by_role("button", name=name))
    page.keyboard.press("Enter")


def expect_step(page: Page, step: str) -> None:
    expect(page.locator(f"main[data-setup-step={step}]")).to_be_visible()


def open_tab(page: Page, name: str) -> Page:
    """Follow a link that opens a tab, such as one into the admin center."""
    with page.context.expect_page() as opened:
        press(page, name, role="link")
    opened.value.set_default_timeout(15_000)
    return opened.value


def open_pane(portal: Page, name: str) -> None:
    tab_to(portal, portal.locator("summary", has_text=name))
    portal.keyboard.press("Enter")


def invite(boss: Page, site: str) -> str:
    """Invite Contoso in the admin; return the address of the link."""
    boss.goto(f"{site}/admin/azuread_connections/connection/")
    press(boss, "Invite a customer", role="link")
    fill(boss, "Customer", "Contoso")
    press(boss, "Create the link")
    address = boss.get_by_label("Address of the set-up link").input_value()
    assert address in boss.get_by_label("Text", exact=True).input_value()
    return address


def approve(boss: Page, site: str) -> None:
    boss.goto(f"{site}/admin/azuread_connections/setuplink/")
    tab_to(boss, boss.locator("#result_list tbody a").first)
    boss.keyboard.press("Enter")
    press(boss, "Look and approve", role="link")
    press(boss, "Yes, approve and enable")
    expect(boss.get_by_text("People can sign in now.")).to_be_visible()


def register(page: Page) -> Page:
    """Register the app as the step says, but without a redirect URI; return the portal's tab."""
    portal = open_tab(page, "Open “Register an application” in the Microsoft Entra admin center")
    fill(portal, "Name", page.locator("#setup-name").inner_text())
    account_type = page.locator("#setup-account-type").inner_text()
    expect(portal.get_by_role("radio", name=account_type)).to_be_checked()
    press(portal, "Register")
    expect(portal.get_by_text("The app was registered.")).to_be_visible()
    return portal


def add_secret(portal: Page) -> tuple[str, str, str]:
    """Create a secret in the portal; return its value, its ID and its end."""
    press(portal, "Certificates & secrets", role="link")
    open_pane(portal, "New client secret")
    press(portal, "Add")
    value = portal.get_by_label("Value", exact=True).input_value()
    row = portal.get_by_role("row").filter(has=portal.get_by_label("Value", exact=True))
    return value, row.locator("td code").inner_text(), row.locator("td").first.inner_text()


def enter_day(page: Page, day: str) -> None:
    """Type a day, as the portal writes it, into a field for dates."""
    month, number, year = day.split("/")
    tab_to(page, page.locator("[name=expires_at]"))
    page.keyboard.type(f"{month:0>2}{number:0>2}{year}")


def test_a_customer_sets_up_the_sign_in_with_the_link_alone(
    microsoft: StandIn,
    live_server: Any,
    chromium: Browser,
    boss: Page,
    other_page: Page,
    screenshots: Any,
) -> None:
    page = other_page
    contoso = microsoft.add_directory("contoso.com")
    contoso.add_person("Adele Vance")
    address = invite(boss, live_server.url)

    page.goto(address)
    expect_step(page, "welcome")
    press(page, "Start")

    expect_step(page, "register")
    redirect_uri = page.locator("#setup-redirect-uri").inner_text()
    # The first mistake: the redirect URI is left out.
    portal = register(page)
    client_id = portal.get_by_label("Application (client) ID").input_value()
    press(page, "Continue")

    # The second: the secret's ID, not its value. The third: a domain with a letter too many.
    expect_step(page, "credentials")
    value, secret_id, end = add_secret(portal)
    fill(page, "Application (client) ID", client_id)
    fill(page, "Domain", "contosso.com")
    fill(page, "Client secret", secret_id)
    enter_day(page, end)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is the secret's ID. Copy the column “Value”")).to_be_visible()
    screenshots(page, "setup-credentials-wrong")
    fill(page, "Client secret", value)
    press(page, "Save and test")
    refused = page.get_by_role("alert")
    expect(refused).to_be_visible()
    expect(page.locator("main")).to_contain_text("no directory")
    directory = open_tab(page, "Open the overview of your directory")
    fill(page, "Domain", directory.get_by_label("Primary domain").input_value())
    press(page, "Save and test")

    expect_step(page, "domains")
    expect(page.locator("[data-domain='contoso.com'][data-state=verified]")).to_be_visible()
    press(page, "Continue")

    expect_step(page, "permissions")
    expect(page.get_by_text("Nothing has to be granted by an administrator.")).to_be_visible()
    screenshots(page, "setup-permissions")
    press(page, "Continue")

    # Microsoft shows the error on its own page, and sends nobody back.
    expect_step(page, "try")
    press(page, "Try")
    expect(page.get_by_text("AADSTS50011").first).to_be_visible()
    page.go_back()
    expect_step(page, "try")
    fill(page, "Which error code did Microsoft show?", "AADSTS50011")
    page.keyboard.press("Enter")
    advice = page.get_by_role("status").filter(has_text="AADSTS50011")
    expect(advice).to_contain_text("press “Add Redirect URI”")
    screenshots(page, "setup-try-open")
    authentication = open_tab(page, "Open this page of the app in the Entra admin center")
    press(page, "Go to the step “Register the app”", role="link")
    expect_step(page, "register")
    assert page.locator("#setup-redirect-uri").inner_text() == redirect_uri
    open_pane(authentication, "Add Redirect URI")
    fill(authentication, "Redirect URI", redirect_uri)
    press(authentication, "Configure")
    expect(authentication.get_by_text("The changes were saved.")).to_be_visible()
    press(page, "Try it", role="link")

    expect_step(page, "try")
    press(page, "Try again")
    choose_person(page, "Adele Vance")
    press(page, "Accept")
    expect_step(page, "try")
    expect(page.get_by_role("heading", name="It works")).to_be_visible()
    expect(page.get_by_text("adele.vance@contoso.com").first).to_be_visible()
    screenshots(page, "setup-it-works")
    press(page, "Finish")

    expect_step(page, "done")
    expect(page.get_by_role("heading", name="waiting for approval")).to_be_visible()
    approve(boss, live_server.url)
    page.reload()
    screenshots(page, "setup-done")
    sign_in_address = page.locator("#setup-address-1").get_attribute("href") or ""

    employee = chromium.new_context().new_page()
    employee.goto(f"{sign_in_address}?next=/login/profile")
    choose_person(employee, "Adele Vance")
    employee.wait_for_url("**/login/profile")
    assert "adele.vance@contoso.com" in employee.inner_text("body")
    close(employee.context)


def test_an_administrator_grants_the_permissions(
    microsoft: StandIn, live_server: Any, transactional_db: None, page: Page, screenshots: Any
) -> None:
    contoso = microsoft.add_directory("contoso.com")
    contoso.add_person("Lidia Holloway", admin=True)
    app = contoso.add_app(
        redirect_uris=[f"{live_server.url}/login/callback"],
        delegated=["User.Read", "GroupMember.Read.All"],
        application=["User.Read.All"],
        consented=False,
    )
    made = links.create_link(applications=[Application.objects.get(slug="default")], name="Contoso")
    connection = Connection.objects.get()
    connection.domain, connection.client_id = "contoso.com", app.client_id
    connection.security_groups = connection.enable_users_api = True
    connection.save()
    connection.pin(contoso.tenant_id)
    connection.credentials.create(value=app.secrets[0].value)
    page.goto(live_server.url + made.path)
    press(page, "Start")
    expect_step(page, "register")
    SetupLink.objects.update(step="try")
    page.goto(page.url.replace("/register", "/permissions"))
    screenshots(page, "setup-permissions-needed")

    press(page, "Grant at Microsoft")
    choose_person(page, "Lidia Holloway")
    press(page, "Cancel")
    expect(page.get_by_role("alert")).to_contain_text("Consent was not granted.")
    screenshots(page, "setup-permissions-declined")

    press(page, "Grant at Microsoft")
    choose_person(page, "Lidia Holloway")
    press(page, "Accept")
    expect(page.get_by_text("Microsoft says that consent was granted.")).to_be_visible()
    expect(page.get_by_text("Graph answers.")).to_be_visible()
    screenshots(page, "setup-permissions-granted")
    press(page, "Continue")

    press(page, "Try")
    choose_person(page, "Lidia Holloway")
    expect(page.get_by_role("heading", name="It works")).to_be_visible()
    screenshots(page, "setup-try-works-groups")


def test_each_value_of_the_registration_can_be_copied(
    live_server: Any, transactional_db: None, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    application = Application.objects.get(slug="default")
    made = links.create_link(applications=[application], name="Contoso")
    page.goto(live_server.url + made.path)
    press(page, "Start")
    expect_step(page, "register")
    copied = []
    for button in page.locator("main [data-azuread-copy]").all():
        page.evaluate("navigator.clipboard.writeText('')")
        tab_to(page, button)
        page.keyboard.press("Enter")
        expect(button).to_have_text("Copied")
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    assert copied == [
        application.name,
        "Single tenant only",
        f"{live_server.url}/login/callback",
    ]
