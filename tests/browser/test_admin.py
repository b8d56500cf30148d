"""What an administrator does in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from azuread_connections.models import Application, Directory, Event, Identity
from azuread_connections.testing import StandIn
from tests.browser.conftest import open_all, page_of
from tests.company import Company
from tests.credentials.rotating import allow, know_key_ids
from tests.factories import CertificateFactory, FederatedFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: A picture of one pixel.
LOGO = "https://contoso.example/logo.svg"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect/></svg>'


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    application = Application.objects.get(slug="default")
    company = Company.create(
        microsoft,
        application,
        display_name="Contoso",
        security_groups=True,
        enable_users_api=True,
        use_common_endpoint=True,
    )
    company.person.admin = True
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    company.app.application = ["User.Read.All"]
    company.app.delegated = ["User.Read", "GroupMember.Read.All"]
    company.app.multi_tenant = True
    company.app.revoke(company.directory)
    company.connection.save()
    return company


def test_addresses_are_copied(company: Company, boss: Page, live_server: Any) -> None:
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    for button in boss.locator("[data-azuread-copy]").all():
        button.click()
        expect(button).to_have_text("Copied")
        source = boss.locator(f"#{button.get_attribute('data-azuread-copy')}")
        shown = source.evaluate("e => e.value ?? e.textContent")
        assert boss.evaluate("navigator.clipboard.readText()") == shown


def test_without_a_clipboard_the_address_is_selected(
    company: Company, boss: Page, live_server: Any
) -> None:
    boss.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    boss.get_by_role("button", name="Copy").first.click()
    assert boss.evaluate("getSelection().toString()") == f"{live_server.url}/login/callback"
    boss.get_by_role("button", name="Copy").last.click()
    link = boss.locator("#azuread-consent-link")
    selected = link.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert selected == link.input_value()


def test_the_preview_follows_what_is_typed_and_loads_https_only(
    company: Company, boss: Page, live_server: Any
) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(content_type="image/svg+xml", body=PICTURE)

    boss.route(lambda url: not url.startswith(live_server.url), answer)
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    preview = boss.locator("[data-azuread-preview]")
    boss.get_by_label("Display name").fill("Contoso <Ltd>")
    expect(preview).to_have_text("Continue with Contoso <Ltd>")

    logo = boss.get_by_label("Logo URL")
    for bad in (
        "http://contoso.example/logo.svg",
        "//contoso.example/logo.svg",
        "https:///logo.svg",
        "javascript:document.title='run'",
        "data:image/svg+xml,<svg/>",
        "/logo.svg",
    ):
        logo.fill(bad)
        logo.press("Tab")
        assert preview.locator("img").get_attribute("src") is None
    logo.fill(LOGO)
    logo.press("Tab")
    expect(preview.locator("img")).to_be_visible()
    assert asked == [LOGO]


def test_nested_groups_wait_for_groups(company: Company, boss: Page, live_server: Any) -> None:
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    nested = boss.get_by_label("Nested groups")
    nested.check()
    boss.get_by_label("Security Groups").uncheck()
    expect(nested).to_be_disabled()
    expect(nested).not_to_be_checked()


def test_enter_saves_and_decides_about_no_directory(
    company: Company, boss: Page, live_server: Any
) -> None:
    waiting = company.connection.directories.create(tenant_id="x", status="waiting")
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    boss.get_by_label("Display name").fill("Renamed")
    boss.get_by_label("Display name").press("Enter")
    boss.wait_for_url("**/connection/")
    company.connection.refresh_from_db()
    waiting.refresh_from_db()
    assert (company.connection.display_name, waiting.status) == ("Renamed", "waiting")


def test_a_directory_is_approved(
    company: Company, boss: Page, live_server: Any, microsoft: StandIn, screenshots: Any
) -> None:
    fabrikam = microsoft.add_directory("fabrikam.com")
    person = fabrikam.add_person("Diego Siciliani")
    company.app.grant(fabrikam)
    visitor = Client(headers={"host": live_server.url.removeprefix("http://")})
    assert b"directory_waiting" in visit(company, visitor, person).content

    boss.goto(f"{live_server.url}{reverse('admin:azuread_connections_connection_changelist')}")
    screenshots(boss, "admin-list")
    boss.get_by_role("link", name="1 directory waiting").click()
    screenshots(boss, "admin-connection")
    boss.get_by_role("button", name="Approve fabrikam.com").click()
    expect(boss.get_by_text("1 directory approved.")).to_be_visible()
    assert Directory.objects.get(tenant_id=fabrikam.tenant_id).status == "allowed"
    assert visit(company, visitor, person).status_code == 302
    boss.goto(f"{live_server.url}{reverse('admin:azuread_connections_directory_changelist')}")
    screenshots(boss, "admin-directories")


def visit(company: Company, client: Client, person: Any) -> Any:
    url = company.start(client)
    return company.come_back(client, url, person)


def test_consent_goes_to_microsoft_and_back_and_a_search_proves_it(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(page_of(live_server, company.connection))
    boss.get_by_role("link", name="Ask for consent", exact=True).click()
    boss.get_by_role("link", name="Continue to Microsoft").click()
    boss.get_by_role("button", name="Adele Vance").click()
    boss.get_by_role("button", name="Accept").click()
    boss.wait_for_url(f"{page_of(live_server, company.connection)}#azuread-consent")
    expect(boss.get_by_text("Microsoft says that consent was granted")).to_be_visible()
    screenshots(boss, "admin-consent")

    boss.get_by_role("link", name="Users of the directory").click()
    expect(boss.get_by_role("cell", name="adele.vance@contoso.com").first).to_be_visible()
    boss.go_back()
    boss.reload()
    expect(boss.locator("#azuread-consent").get_by_text("confirmed just now")).to_be_visible()


def test_the_directory_is_searched(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    company.app.grant(company.directory)
    for number in range(30):
        company.directory.add_person(
            f"Person {number:02}", graph={"jobTitle": "Engineer", "department": "Research"}
        )
    user = get_user_model().objects.create_user("adele")
    Identity.objects.create(
        user=user,
        cloud="global",
        tenant_id=company.directory.tenant_id,
        object_id=company.person.object_id,
    )
    boss.goto(page_of(live_server, company.connection, "users"))
    expect(boss.get_by_role("link", name="adele", exact=True)).to_be_visible()
    screenshots(boss, "admin-users")
    boss.get_by_role("link", name="Next").click()
    expect(boss.get_by_text("person.29@contoso.com").first).to_be_visible()
    boss.get_by_label("Name or address begins with").fill("person 07")
    boss.get_by_role("button", name="Search").click()
    expect(boss.locator(".azuread-table tbody tr")).to_have_count(1)


@pytest.mark.parametrize("width", [1100, 1065, 800, 390])
def test_no_column_of_the_credentials_is_cut_off(
    company: Company, boss: Page, live_server: Any, width: int
) -> None:
    CertificateFactory.create(connection=company.connection)
    FederatedFactory.create(connection=company.connection, token_file="/var/run/secrets/token")
    boss.set_viewport_size({"width": width, "height": 760})
    boss.goto(page_of(live_server, company.connection))
    open_all(boss)
    part = boss.locator("#credentials-group")
    assert part.evaluate("each => each.scrollWidth <= each.clientWidth")
    expect(part.get_by_role("checkbox").first).to_be_visible()
    assert boss.evaluate("document.documentElement.scrollWidth") <= width


def test_a_federated_credential_asks_only_for_what_its_source_needs(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(page_of(live_server, company.connection, "federated"))
    expect(boss.get_by_label("Token file")).to_be_visible()
    expect(boss.get_by_label("Client ID of the managed identity")).to_be_hidden()
    boss.get_by_label("this machine's managed identity").check()
    expect(boss.get_by_label("Token file")).to_be_hidden()
    expect(boss.get_by_label("Client ID of the managed identity")).to_be_visible()
    # A mistake is never hidden with its field.
    boss.get_by_label("Client ID of the managed identity").fill("x")
    boss.get_by_label("a file").check()
    boss.get_by_role("button", name="Only show").click()
    expect(boss.get_by_text("Enter the client ID, a GUID.")).to_be_visible()
    screenshots(boss, "admin-federated")


def test_pages_to_look_at(company: Company, boss: Page, live_server: Any, screenshots: Any) -> None:
    person = "a-very-long-name-of-somebody-in-a-directory-of-a-company@subsidiary.contoso.com"
    identity = Identity.objects.create(
        user=get_user_model().objects.create_user("adele"),
        cloud="global",
        tenant_id=company.directory.tenant_id,
        object_id=company.person.object_id,
        connection=company.connection,
        login_name=person,
        profile=json.loads('{"name": "Adele Vance", "job_title": "Retail Manager"}'),
    )
    for code in ("", "secret_rejected", "microsoft_unreachable"):
        Event.objects.create(
            created_at=company.connection.created_at,
            kind=Event.Kind.SIGN_IN_FAILED if code else Event.Kind.SIGNED_IN,
            code=code,
            connection=company.connection,
            connection_name="contoso",
            application_name="default",
            identity=identity,
            person=person,
        )
    application = Application.objects.get()
    site = f"{live_server.url}/admin/azuread_connections"
    for name, path in (
        ("connection-add", "connection/add/"),
        ("events", "event/"),
        ("event", f"event/{Event.objects.latest('pk').pk}/change/"),
        ("identity", f"identity/{identity.pk}/change/"),
        ("application", f"application/{application.pk}/change/"),
        ("directory-add", "directory/add/"),
    ):
        boss.goto(f"{site}/{path}")
        expect(boss.locator("#content")).to_be_visible()
        screenshots(boss, f"admin-{name}")


@pytest.mark.parametrize("path", ["connection/1", "event/", "directory/"])
def test_a_phone_is_wide_enough(company: Company, boss: Page, live_server: Any, path: str) -> None:
    boss.set_viewport_size({"width": 390, "height": 760})
    url = f"{live_server.url}/admin/azuread_connections/{path}"
    boss.goto(page_of(live_server, company.connection) if path.endswith("1") else url)
    assert boss.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture
def rotatable(company: Company) -> Company:
    company.app.revoke(company.directory)
    allow(company)
    know_key_ids(company)
    return company


def test_rotate_now_shows_its_steps_and_a_reload_rotates_nothing(
    rotatable: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(page_of(live_server, rotatable.connection))
    boss.get_by_role("link", name="Rotate now").click()
    screenshots(boss, "rotate-question")
    boss.get_by_role("button", name="Rotate now").click()
    expect(boss.locator(".azuread-conclusion")).to_contain_text("Done.")
    assert boss.locator("[data-outcome=passed]").count() == 2
    screenshots(boss, "rotate-done")
    boss.reload()
    expect(boss.locator(".azuread-warning")).to_contain_text("rotated already")
    assert len(rotatable.app.secrets) == 2


def test_two_presses_rotate_once(rotatable: Company, boss: Page, live_server: Any) -> None:
    boss.goto(page_of(live_server, rotatable.connection, "rotate"))
    boss.get_by_role("button", name="Rotate now").dblclick(no_wait_after=True)
    expect(boss.locator("[data-outcome], .azuread-warning").first).to_be_visible()
    boss.wait_for_load_state()
    boss.goto(page_of(live_server, rotatable.connection, "rotate"))
    if boss.get_by_role("button", name="Finish it").is_visible():
        boss.get_by_role("button", name="Finish it").click()
        expect(boss.locator(".azuread-conclusion")).not_to_be_empty()
    assert len(rotatable.app.secrets) == rotatable.connection.credentials.count() == 2


def test_without_the_permission_rotate_now_says_what_to_grant(
    company: Company, boss: Page, live_server: Any, screenshots: Any
) -> None:
    boss.goto(page_of(live_server, company.connection, "rotate"))
    boss.get_by_role("button", name="Rotate now").click()
    expect(boss.locator("[data-outcome=failed]")).to_be_visible()
    screenshots(boss, "rotate-failed")
