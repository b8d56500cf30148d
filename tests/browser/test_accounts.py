from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from azuread_connections.models import Application, Connection, Identity
from azuread_connections.testing import StandIn
from tests.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct-horse-battery-staple"


def test_a_user_connects_their_account_and_disconnects_it(
    microsoft: StandIn, live_server: Any, page: Page, transactional_db: None, screenshots: Any
) -> None:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    Connection.objects.update(display_name="Contoso")
    user = get_user_model().objects.create_user("patti", password=PASSWORD)
    page.goto(f"{live_server.url}/login/profile/accounts")
    page.get_by_role("link", name="Sign in with a password").click()
    page.locator("#id_username").fill("patti")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("form [type=submit]").first.click()
    expect(page.get_by_role("heading", name="Your Microsoft accounts")).to_be_visible()
    expect(page.get_by_text("None yet.")).to_be_visible()
    page.get_by_role("button", name="Connect an account of Contoso").click()
    page.get_by_role("button", name="Adele Vance").click()
    expect(page.get_by_text("adele.vance@contoso.com")).to_be_visible()
    assert Identity.objects.get().user == user
    screenshots(page, "accounts")
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert not Identity.objects.exists()
