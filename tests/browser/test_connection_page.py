"""The connection's page in a real browser: short, and in sections that open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from azuread_connections.models import Application, Connection, Event
from azuread_connections.testing import StandIn
from tests.browser.conftest import close, open_all, page_of
from tests.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADD = "/admin/azuread_connections/connection/add/"


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    """A connection in use: each step of its checklist is done."""
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application, display_name="Contoso")
    now, connection = timezone.now(), company.connection
    connection.credentials.update(expires_at=now + timedelta(days=300), last_success_at=now)
    connection.aliases.update(verified_at=now, checked_at=now, found_tenant_id=connection.tenant_id)
    for kind, person in ((Event.Kind.TRIED, ""), (Event.Kind.SIGNED_IN, "adele.vance@contoso.com")):
        Event.objects.create(
            created_at=now,
            kind=kind,
            connection=connection,
            connection_name="contoso",
            person=person,
        )
    return company


def section(page: Page, key: str) -> Any:
    return page.locator(f"[data-azuread-section={key}]")


def bottom_of(page: Page, selector: str) -> float:
    """Return where an element ends, in pixels from the top of the window."""
    bottom: float = page.locator(selector).evaluate("e => e.getBoundingClientRect().bottom")
    return bottom


def open_sections(page: Page) -> list[str]:
    return page.locator("[data-azuread-section]").evaluate_all(
        "all => all.filter(each => each.open).map(each => each.dataset.azureadSection)"
    )


def test_state_checklist_and_actions_fit_one_screen_and_the_page_is_short(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.set_viewport_size({"width": 1280, "height": 800})
    boss.goto(page_of(live_server, company.connection))
    expect(boss.get_by_text("People can sign in.", exact=True)).to_be_visible()
    expect(boss.get_by_text("All 7 steps are done")).to_be_visible()
    screenshots(boss, "connection-done")
    assert bottom_of(boss, ".azuread-now") < 500
    assert bottom_of(boss, "nav.azuread-contents") < 800
    actions = boss.locator(".azuread-actions")
    for name in ("Try", "Ask for consent", "Rotate now", "Events", "Sign out everyone"):
        expect(actions.get_by_role("link", name=name, exact=True)).to_be_in_viewport()
    expect(boss.get_by_role("button", name="Check now")).to_be_in_viewport()
    assert open_sections(boss) == []
    assert boss.evaluate("document.documentElement.scrollHeight") < 1200


def test_an_unfinished_connection_shows_its_open_steps_on_one_screen(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    Event.objects.all().delete()
    company.connection.applications.clear()
    company.connection.credentials.update(last_success_at=None)
    company.connection.aliases.update(verified_at=None)
    Connection.objects.update(security_groups=True)
    boss.set_viewport_size({"width": 1280, "height": 800})
    boss.goto(page_of(live_server, company.connection))
    expect(boss.locator(".azuread-headline")).to_contain_text("Nobody can sign in.")
    screenshots(boss, "connection-unfinished")
    assert bottom_of(boss, ".azuread-now") < 800
    boss.locator("[data-step=enabled]").get_by_role("link").click()
    expect(boss.locator("#id_enabled_applications")).to_be_in_viewport()
    assert open_sections(boss) == ["applications"]


def test_sections_open_without_javascript(
    company: Company, boss: Page, live_server: Any, chromium: Browser
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(boss.context.cookies())
    page = context.new_page()
    page.goto(page_of(live_server, company.connection))
    expect(page.get_by_label("Display name")).to_be_hidden()
    page.get_by_text("General").last.click()
    expect(page.get_by_label("Display name")).to_be_visible()
    page.get_by_role("navigation", name="Sections of this page").get_by_text("Who gets in").click()
    expect(page.get_by_label("Let guests of the directory in")).to_be_in_viewport()
    # The field's own address opens its section, too: pages elsewhere link to it.
    page.goto(f"{page_of(live_server, company.connection)}#id_enabled_applications")
    page.reload()
    expect(page.locator("#id_enabled_applications")).to_be_in_viewport()
    page.get_by_text("General").last.click()
    page.get_by_label("Display name").fill("Contoso Ltd")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    company.connection.refresh_from_db()
    assert company.connection.display_name == "Contoso Ltd"
    close(context)


def test_an_error_opens_its_section_and_the_summary_leads_to_it(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(page_of(live_server, company.connection))
    section(boss, "attributes").locator("summary").click()
    boss.get_by_label("Groups to keep").fill("-1")
    boss.get_by_role("button", name="Save", exact=True).click()
    expect(boss.get_by_text("Please correct the error below.")).to_be_visible()
    assert "attributes" in open_sections(boss)
    assert "general" not in open_sections(boss)
    screenshots(boss, "connection-error")
    boss.get_by_role("link", name="Groups to keep:").click()
    expect(boss.get_by_label("Groups to keep")).to_be_focused()


def test_an_error_in_a_table_opens_its_section(
    company: Company, boss: Page, live_server: Any
) -> None:
    Connection.objects.update(security_groups=True)
    boss.goto(page_of(live_server, company.connection))
    section(boss, "people").locator("summary").click()
    boss.get_by_label("Directory group's object ID").first.fill("no GUID")
    section(boss, "people").locator("summary").click()
    boss.get_by_role("button", name="Save", exact=True).click()
    boss.locator(".azuread-errors a").first.click()
    assert open_sections(boss) == ["people"]
    expect(boss.get_by_label("Directory group's object ID").first).to_be_focused()


def test_the_browser_remembers_what_was_opened(
    company: Company, boss: Page, live_server: Any
) -> None:
    boss.goto(page_of(live_server, company.connection))
    section(boss, "applications").locator("summary").click()
    boss.reload()
    assert open_sections(boss) == ["applications"]
    section(boss, "applications").locator("summary").click()
    boss.reload()
    assert open_sections(boss) == []
    open_all(boss)
    assert len(open_sections(boss)) == 9
    boss.reload()
    assert len(open_sections(boss)) == 9


def test_a_section_opened_by_an_error_is_not_remembered(
    company: Company, boss: Page, live_server: Any
) -> None:
    boss.goto(f"{page_of(live_server, company.connection)}#azuread-attributes")
    boss.get_by_label("Groups to keep").fill("-1")
    boss.get_by_role("button", name="Save", exact=True).click()
    expect(boss.get_by_text("Please correct the error below.")).to_be_visible()
    assert open_sections(boss) == ["attributes"]
    boss.goto(page_of(live_server, company.connection))
    assert open_sections(boss) == []


def test_the_keyboard_opens_a_section(company: Company, boss: Page, live_server: Any) -> None:
    boss.goto(page_of(live_server, company.connection))
    section(boss, "general").locator("summary").focus()
    boss.keyboard.press("Enter")
    boss.keyboard.press("Tab")
    boss.keyboard.press("Tab")
    expect(boss.get_by_label("Display name")).to_be_focused()
    boss.reload()
    assert open_sections(boss) == ["general"]


def test_a_new_connection_shows_what_has_to_be_filled_in(
    company: Company, boss: Page, live_server: Any
) -> None:
    boss.goto(live_server.url + ADD)
    # The only application is ticked already.
    assert open_sections(boss) == ["callback", "general", "credentials"]
    Application.objects.create(name="Portal", slug="portal")
    boss.reload()
    assert open_sections(boss) == ["callback", "general", "credentials", "applications"]


@pytest.mark.parametrize("scheme", ["closed", "open"])
def test_the_page_is_as_wide_as_a_phone(
    company: Company, boss: Page, live_server: Any, scheme: str, screenshots: Any
) -> None:
    boss.set_viewport_size({"width": 390, "height": 760})
    boss.goto(page_of(live_server, company.connection))
    if scheme == "open":
        open_all(boss)
        screenshots(boss, "connection-open")
    assert boss.evaluate("document.documentElement.scrollWidth") <= 390
    for part in boss.locator(".azuread-part").all():
        assert part.evaluate("each => each.scrollWidth <= each.clientWidth")
