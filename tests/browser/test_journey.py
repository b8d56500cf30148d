"""From an empty site to a signed-in employee, with only what the pages say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from azuread_connections.models import Application, Connection, Credential
from azuread_connections.testing import StandIn
from tests.browser.conftest import close
from tests.company import Company
from tests.factories import CredentialFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"
WRONG_SECRET = "Abc8Q~this-is-not-the-value-of-the-secret"


def test_an_administrator_sets_a_connection_up_and_an_employee_signs_in(
    microsoft: StandIn,
    live_server: Any,
    transactional_db: None,
    chromium: Browser,
    page: Page,
    screenshots: Any,
) -> None:
    User.objects.create_superuser("admin", password=PASSWORD)
    page.goto(f"{live_server.url}/admin/login/?next=/admin/azuread_connections/application/add/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    # An application, and the callback URL to register for it.
    page.locator("#id_name").fill("Portal")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{live_server.url}/admin/azuread_connections/connection/add/")
    callback_url = page.locator("#azuread-callback-1").inner_text()
    assert callback_url == f"{live_server.url}/login/callback"

    # What the directory's administrator does in Azure with that URL.
    contoso = microsoft.add_directory("contoso.com")
    contoso.add_person("Adele Vance")
    contoso.add_person("Lidia Holloway", admin=True)
    app = contoso.add_app(
        redirect_uris=[callback_url],
        delegated=["User.Read", "GroupMember.Read.All"],
        consented=False,
    )

    # The connection, with a wrong secret.
    page.locator("#id_name").fill("contoso")
    page.locator("#id_display_name").fill("Contoso")
    page.locator("#id_domain").fill("contoso.com")
    page.locator("#id_client_id").fill(app.client_id)
    page.locator("#id_new_secret").fill(WRONG_SECRET)
    page.locator("summary", has_text="Attributes").click()
    page.locator("#id_security_groups").check()
    page.get_by_label("Portal").check()
    screenshots(page, "journey-form")
    page.get_by_role("button", name="Save and continue to consent").click()

    # Consent.
    page.get_by_role("link", name="Continue to Microsoft").or_(
        page.get_by_role("button", name="Continue to Microsoft")
    ).first.click()
    page.get_by_role("button", name="Lidia Holloway").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("**/change/**")
    expect(page.get_by_text("Microsoft says that consent was granted").first).to_be_visible()
    connection_page = page.url.split("#")[0]

    # Try: it fails because of the secret, and says what to do.
    try_page = connection_page.replace("/change/", "/try/")
    result = attempt(page, try_page)
    expect(result.get_by_text("AADSTS7000215").first).to_be_visible()
    expect(result.get_by_text("Who can fix it").first).to_be_visible()
    expect(result.get_by_text("Trace ID")).to_be_hidden()
    screenshots(result, "journey-try-failed")
    result.get_by_role("link", name="The connection's credentials").click()
    result.locator("#id_new_secret").fill(app.secrets[0].value)
    result.get_by_role("button", name="Save and continue editing").click()
    result = attempt(page, try_page)
    expect(result.get_by_role("heading", name="It works")).to_be_visible()
    screenshots(result, "journey-it-works")
    page.goto(try_page.replace("/try/", "/check/"))
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Some steps failed")).to_be_visible()
    screenshots(page, "journey-check")
    assert Credential.objects.count() == 2

    # An employee, in another browser.
    employee = chromium.new_context().new_page()
    employee.goto(f"{live_server.url}/login/?application=portal&next=/login/profile")
    employee.get_by_role("link", name="Continue with Contoso").click()
    employee.get_by_role("button", name="Adele Vance").click()
    employee.wait_for_url("**/login/profile")
    assert "adele.vance@contoso.com" in employee.inner_text("body")
    close(employee.context)

    page.goto(connection_page)
    page.locator("summary", has_text="steps are done").click()
    expect(page.locator("[data-step=sign_in][data-state=done]")).to_be_visible()
    screenshots(page, "journey-ready")
    assert Connection.objects.get().aliases.verified().exists()


def test_the_way_of_a_connection_to_look_at(
    microsoft: StandIn, live_server: Any, transactional_db: None, page: Page, screenshots: Any
) -> None:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.connection.applications.clear()
    Connection.objects.update(security_groups=True, enable_users_api=True)
    now = timezone.now()
    for value in ("Abc-refused-secret", "Def-refused-secret"):
        CredentialFactory.create(connection=company.connection, value=value, refused_at=now)
    User.objects.create_superuser("admin", password=PASSWORD)
    base = f"/admin/azuread_connections/connection/{company.connection.pk}"
    page.goto(f"{live_server.url}/admin/login/?next={base}/try/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    screenshots(page, "way-try")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Try").click()
    # The callback URL is not registered: Microsoft does not redirect.
    expect(opened.value.get_by_text("AADSTS50011").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("Which error code did Microsoft show?")).to_be_visible()
    screenshots(page, "way-try-open")
    page.goto(f"{live_server.url}{base}/change/")
    screenshots(page, "way-checklist")
    tried = page.locator("[data-step=tried]")
    expect(tried).to_contain_text("nobody has returned from Microsoft yet")
    page.locator("[data-step=enabled]").get_by_role("link").click()
    expect(page.locator("#id_enabled_applications")).to_be_in_viewport()


def attempt(page: Page, url: str) -> Page:
    """Press Try; return the new tab. The page with the help stays open."""
    page.goto(url)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Try").click()
    tab: Page = opened.value
    tab.get_by_role("button", name="Adele Vance").wait_for()
    expect(page.get_by_role("button", name="Try")).to_be_visible()
    tab.get_by_role("button", name="Adele Vance").click()
    tab.wait_for_url("**/try/")
    return tab
