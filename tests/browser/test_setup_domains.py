"""The step of the domains in a browser: the page sees a new record by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from azuread_connections import domains
from azuread_connections.dns_proof.records import record_name, record_value
from azuread_connections.models import Application, DomainAlias, SetupLink
from azuread_connections.setup.links import create_link
from tests.browser.conftest import open_all
from tests.company import Company
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def address(live_server: Any, contoso: Company, application: Application, page: Page) -> str:
    """The step's address; the page's browser has opened the link."""
    contoso.connection.applications.clear()
    made = create_link(applications=[application], connection=contoso.connection)
    page.goto(f"{live_server.url}{made.path}")
    page.get_by_role("button", name="Start").click()
    SetupLink.objects.update(step="domains")
    return f"{live_server.url}/login/setup/{made.link.reference}/domains"


def test_the_open_page_sees_the_record_and_keeps_what_is_typed(
    address: str, page: Page, contoso: Company, screenshots: Any
) -> None:
    contoso.microsoft.add_directory("fabrikam.com")
    page.clock.install()
    page.goto(address)
    for name in ("contoso.net", "fabrikam.com"):
        page.get_by_label("Further domain").fill(name)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    name = record_name("contoso.net")
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    screenshots(page, "setup-domains-1-record")
    page.get_by_label("Further domain").fill("gmail.com")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Anybody can have an address at gmail.com")
    screenshots(page, "setup-domains-2-refused")
    page.goto(address)
    page.get_by_label("Further domain").fill("half typ")
    alias = DomainAlias.objects.get(domain="contoso.net")
    contoso.microsoft.dns.set_txt(name, record_value(alias.dns_token))
    cache.clear()
    page.clock.fast_forward(15_000)
    expect(page.get_by_text("Verified by its DNS record.")).to_be_visible()
    expect(page.get_by_text(name, exact=True)).to_have_count(0)
    count = page.get_by_role("status").filter(has_text="Verified:")
    expect(count).to_have_text("Verified: 2 of 3.")
    expect(page.get_by_label("Further domain")).to_have_value("half typ")
    screenshots(page, "setup-domains-3-verified")


def test_the_admin_shows_the_record(
    live_server: Any, contoso: Company, page: Page, screenshots: Any
) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    domains.check(contoso.connection, "contoso.net")
    boss = UserFactory.create(username="boss", is_staff=True, is_superuser=True)
    boss.set_password("x-y-z-1234")
    boss.save()
    page.goto(f"{live_server.url}{reverse('admin:login')}")
    page.locator("[name=username]").fill("boss")
    page.locator("[name=password]").fill("x-y-z-1234")
    page.locator("[name=password]").press("Enter")
    url = reverse("admin:azuread_connections_connection_change", args=[contoso.connection.pk])
    page.goto(f"{live_server.url}{url}")
    open_all(page)
    expect(page.get_by_text(record_name("contoso.net"), exact=True)).to_be_visible()
    screenshots(page, "admin-domains")
