"""The pages that a set-up link opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from azuread_connections.models import Application, Connection, SetupLink
from azuread_connections.setup import links
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import App
from tests.company import Company

from .tour import Tour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]

SECRET = "Abc8Q~this-is-the-value-of-the-secret-12"


@pytest.fixture
def app(microsoft: StandIn, live_server: Any, transactional_db: None) -> App:
    """A customer's registration, as it should be but for its redirect URI and consent."""
    contoso = microsoft.add_directory("contoso.com")
    contoso.add_person("Adele Vance", graph={"jobTitle": "Retail Manager", "department": "Retail"})
    contoso.add_person("Lidia Holloway", admin=True)
    microsoft.add_directory("fabrikam.com")
    return contoso.add_app(
        secret=SECRET,
        redirect_uris=[],
        delegated=["User.Read", "GroupMember.Read.All"],
        application=["User.Read.All"],
        consented=False,
    )


def expect_step(at: Tour, step: str) -> None:
    expect(at.page.locator(f"main[data-setup-step={step}]")).to_be_visible()


def enter_credentials(at: Tour, app: App, secret: str) -> None:
    at.page.locator("[name=domain]").fill("contoso.com")
    at.page.locator("[name=client_id]").fill(app.client_id)
    at.page.locator("[name=client_secret]").fill(secret)
    at.page.locator("[name=expires_at]").fill("2099-06-30")
    at.press("Save and test")


def add_domain(at: Tour, name: str) -> None:
    at.page.get_by_label("Further domain").fill(name)
    at.press("Add")


def test_a_set_up(tour: Begin, app: App, live_server: Any) -> None:
    at = tour("set-up")
    application = Application.objects.get(slug="default")
    made = links.create_link(applications=[application], name="Contoso")
    SetupLink.objects.update(created_by_name="Miriam Graham")
    Connection.objects.update(extended_profile=True, security_groups=True, enable_users_api=True)
    step = f"/login/setup/{made.link.reference}"
    at.visit("set-up-opening", made.path)
    at.press("Start")
    expect_step(at, "register")
    at.look("set-up-register")
    at.visit("set-up-welcome", f"{step}/welcome")
    at.goto(f"{step}/register")
    at.press("Continue")
    at.look("set-up-credentials")
    enter_credentials(at, app, "22222222-3333-4444-8555-666666666666")
    expect(at.page.get_by_role("alert")).to_be_visible()
    at.look("set-up-credentials-refused")
    enter_credentials(at, app, SECRET)
    expect_step(at, "domains")
    at.look("set-up-domains")
    add_domain(at, "contoso.net")
    add_domain(at, "fabrikam.com")
    expect(at.page.get_by_role("heading", name="fabrikam.com")).to_be_visible()
    at.look("set-up-domains-record")
    add_domain(at, "gmail.com")
    expect(at.page.get_by_role("alert")).to_be_visible()
    at.look("set-up-domains-refused")
    at.page.get_by_label("Further domain").fill("")
    at.press("Continue without verifying")
    expect_step(at, "permissions")
    at.look("set-up-permissions")
    app.redirect_uris = [f"{live_server.url}/login/callback"]
    for name, button in (("declined", "Cancel"), ("granted", "Accept")):
        at.press("Grant at Microsoft")
        at.press("Lidia Holloway", exact=False)
        at.press(button)
        expect_step(at, "permissions")
        at.look(f"set-up-permissions-{name}")
    at.press("Continue")
    expect_step(at, "try")
    at.look("set-up-try")
    app.redirect_uris = []
    at.press("Try")
    expect(at.page.get_by_text("AADSTS50011").first).to_be_visible()
    at.visit("set-up-try-open", f"{step}/try")
    at.visit("set-up-try-error-code", f"{step}/try?code=AADSTS50011")
    app.redirect_uris = [f"{live_server.url}/login/callback"]
    at.press("Try again")
    at.press("Cancel")
    expect(at.page.locator("[data-trial=failed]")).to_be_visible()
    folded = at.page.locator("details:not([open])")
    assert folded.count()
    at.look("set-up-try-failed")
    # What was folded away was looked at, too.
    assert not folded.count()
    at.visit("set-up-error", "/login/callback?state=x&code=x")
    at.goto(f"{step}/try")
    at.press("Try again")
    at.press("Adele Vance", exact=False)
    expect(at.page.locator("[data-trial=works]")).to_be_visible()
    at.look("set-up-try-works")
    at.press("Finish")
    expect_step(at, "done")
    at.look("set-up-done-waiting")
    at.visit("set-up-read-only", f"{step}/domains")
    SetupLink.objects.update(approved_at=timezone.now())
    application.connections.add(Connection.objects.get())
    at.visit("set-up-done-approved", f"{step}/done")
    SetupLink.objects.update(approved_at=None, revoked_at=timezone.now())
    at.visit("set-up-step-revoked", f"{step}/done")
    at.page.context.clear_cookies()
    at.visit("set-up-link-revoked", made.path)
    at.end()


def test_a_renewal(tour: Begin, microsoft: StandIn, transactional_db: None) -> None:
    at = tour("renewal")
    company = Company.create(
        microsoft, Application.objects.get(slug="default"), display_name="Contoso"
    )
    made = links.create_link(connection=company.connection, purpose=SetupLink.Purpose.RENEW)
    at.visit("renewal-opening", made.path)
    at.press("Start")
    expect_step(at, "credentials")
    at.look("renewal-credentials")
    secret = company.app.add_secret()
    at.page.locator("[name=client_secret]").fill(secret.value)
    at.page.locator("[name=expires_at]").fill("2099-06-30")
    at.press("Save and test")
    expect_step(at, "done")
    at.look("renewal-done")
    at.end()
