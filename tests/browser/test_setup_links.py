"""Inviting a customer and approving what they entered, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from azuread_connections.models import Application, Connection, SetupLink
from tests.browser.conftest import page_of
from tests.factories import CertificateFactory, SetupLinkFactory, SetupSessionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/azuread_connections/connection/"
LINKS = "/admin/azuread_connections/setuplink/"


@pytest.fixture
def portal(transactional_db: None) -> Application:
    Application.objects.get(slug="default")
    return Application.objects.create(name="Portal", slug="portal")


@pytest.fixture
def finished(portal: Application) -> SetupLink:
    """A link with which the customer has finished."""
    connection = Connection.objects.create(
        name="fabrikam",
        display_name="Fabrikam",
        domain="fabrikam.com",
        client_id="11112222-bbbb-3333-cccc-4444dddd5555",
    )
    connection.pin("bbbbcccc-0000-dddd-1111-eeee2222ffff")
    CertificateFactory.create(connection=connection, last_success_at=timezone.now())
    link = SetupLinkFactory.create(
        connection=connection,
        applications=[portal],
        created_by_name="Robin Sales",
        finished_at=timezone.now(),
        openings_used=2,
        step="done",
    )
    SetupSessionFactory.create(link=link, address="192.0.2.7")
    SetupSessionFactory.create(link=link, address="2001:db8::7")
    return link


def test_a_new_customer_is_invited(
    portal: Application, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    boss.goto(live_server.url + LIST)
    boss.get_by_role("link", name="Invite a customer").click()
    screenshots(boss, "invite-new")
    boss.get_by_role("button", name="Create the link").click()
    assert boss.locator("#id_customer:invalid").count() == 1
    boss.locator("#id_customer").fill("Northwind Traders")
    boss.get_by_role("button", name="Create the link").click()
    expect(boss.locator(".errorlist")).to_have_text("Choose at least one application.")
    screenshots(boss, "invite-error")
    boss.get_by_label("Portal").check()
    boss.get_by_label("Email address").fill("admin@northwind.example")
    boss.get_by_role("button", name="Create the link").dblclick()
    expect(boss.get_by_text("This address is shown only now.")).to_be_visible()
    address = boss.get_by_label("Address of the set-up link").input_value()
    assert address.startswith(f"{live_server.url}/login/setup/")
    assert address in boss.locator("#azuread-mail-body").input_value()
    boss.get_by_role("button", name="Copy").first.click()
    assert boss.evaluate("navigator.clipboard.readText()") == address
    mail = boss.get_by_role("link", name="Write it in your email program").get_attribute("href")
    assert mail
    assert mail.startswith("mailto:admin@northwind.example?subject=Set%20up")
    screenshots(boss, "invite-address")
    link = SetupLink.objects.get()
    boss.goto(page_of(live_server, link.connection))
    screenshots(boss, "invite-box")
    boss.goto(page_of(live_server, link.connection, "invite"))
    expect(boss.get_by_label("Revoke the earlier link")).to_be_checked()
    screenshots(boss, "invite-again")


def test_a_form_that_was_sent_twice_says_so(
    portal: Application, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(f"{live_server.url}{LIST}invite/")
    boss.locator("#id_customer").fill("Northwind Traders")
    boss.get_by_label("Portal").check()
    boss.get_by_role("button", name="Create the link").click()
    expect(boss.get_by_text("This address is shown only now.")).to_be_visible()
    boss.reload()
    expect(boss.get_by_text("The form was sent twice.")).to_be_visible()
    screenshots(boss, "invite-twice")
    boss.get_by_role("link", name="Create another link for this customer").click()
    expect(boss.get_by_label("Portal")).to_be_checked()
    boss.get_by_role("button", name="Create the link").click()
    expect(boss.get_by_text("This address is shown only now.")).to_be_visible()
    newest, first = SetupLink.objects.all()
    assert first.revoked_at is not None
    assert newest.connection == first.connection


def test_what_a_customer_entered_is_approved(
    finished: SetupLink, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(f"{live_server.url}/admin/")
    screenshots(boss, "setup-index")
    boss.goto(live_server.url + LIST)
    screenshots(boss, "setup-connections")
    boss.get_by_role("link", name="set-up waits for approval").click()
    screenshots(boss, "setup-box")
    boss.goto(live_server.url + LINKS)
    screenshots(boss, "setup-list")
    boss.get_by_role("link", name="Fabrikam").first.click()
    screenshots(boss, "setup-link")
    boss.get_by_role("link", name="Look and approve").click()
    screenshots(boss, "setup-approve")
    boss.get_by_role("button", name="Yes, approve and enable").click()
    expect(boss.get_by_text("Fabrikam is enabled for Portal.", exact=False)).to_be_visible()
    screenshots(boss, "setup-approved")
    boss.get_by_role("link", name="Revoke").first.click()
    screenshots(boss, "setup-revoke")
    boss.get_by_role("button", name="Yes, revoke the link").click()
    expect(boss.get_by_text("The link is revoked", exact=False)).to_be_visible()
    boss.goto(page_of(live_server, finished.connection, "invite"))
    expect(boss.get_by_label("Only add a new credential")).to_be_checked()
    expect(boss.get_by_label("Portal")).to_be_hidden()
    screenshots(boss, "invite-renewal")
