"""The walk through set-up and sign-in that `python -m project.screenshots` takes its pictures on.

Its name does not begin with ``test_``, so a run of the tests leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page

from azuread_connections.models import Application, Connection, Event, SetupLink
from azuread_connections.setup import links
from azuread_connections.testing import StandIn
from tests.browser.conftest import close
from tests.company import Company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: What the pictures show as the site's address. The browser finds the test's server there.
SITE = "http://app.example.com"
TENANT = "a1b2c3d4-0000-4444-8888-cccccccccccc"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
SECRET = "Abc8Q~this-is-the-value-of-the-secret-12"
UNTIL = datetime(2100, 1, 15, 12, tzinfo=UTC)
CONSENT_LINK = f"https://login.microsoftonline.com/{TENANT}/v2.0/adminconsent?client_id={CLIENT_ID}"


@pytest.fixture
def page(chromium: Browser, live_server: Any, settings: Any, microsoft: StandIn) -> Iterator[Page]:
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": SITE}
    port = urlsplit(live_server.url).port
    playwright_type = chromium.browser_type
    mapped = playwright_type.launch(
        executable_path="/usr/bin/chromium",
        args=[
            "--no-sandbox",
            "--disable-gpu",
            f"--host-resolver-rules=MAP app.example.com:80 127.0.0.1:{port}",
        ],
    )
    context = mapped.new_context(locale="en-US", timezone_id="UTC")
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    close(context)
    mapped.close()


@pytest.fixture
def take(page: Page, picture_folder: Path) -> Any:
    def take(name: str) -> None:
        page.evaluate(
            """link => {
              const field = document.getElementById("setup-consent-link");
              if (field) { field.value = link; }
              if (document.activeElement) { document.activeElement.blur(); }
            }""",
            CONSENT_LINK,
        )
        for kind, scheme, width in (
            ("light", "light", 900),
            ("dark", "dark", 900),
            ("phone", "light", 390),
        ):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 500})
            page.screenshot(path=picture_folder / f"{name}-{kind}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 900, "height": 900})

    return take


def test_each_step(page: Page, take: Any, microsoft: StandIn, transactional_db: None) -> None:
    Application.objects.filter(slug="default").update(name="Orders Portal")
    application = Application.objects.get(slug="default")
    made = links.create_link(applications=[application], name="Contoso")
    SetupLink.objects.update(expires_at=UNTIL, created_by_name="Miriam Graham")
    contoso = microsoft.add_directory("contoso.com", tenant_id=TENANT)
    contoso.add_person("Adele Vance", graph={"jobTitle": "Retail Manager", "department": "Retail"})
    contoso.add_person("Lidia Holloway", admin=True)
    app = contoso.add_app(
        client_id=CLIENT_ID,
        secret=SECRET,
        redirect_uris=[],
        delegated=["User.Read", "GroupMember.Read.All"],
        consented=False,
    )
    Connection.objects.update(extended_profile=True, security_groups=True)

    page.goto(SITE + made.path)
    take("welcome")
    page.get_by_role("button", name="Start").click()
    take("register")
    page.get_by_role("button", name="Continue").click()
    page.locator("[name=domain]").fill("contoso.com")
    page.locator("[name=client_id]").fill(CLIENT_ID)
    page.locator("[name=client_secret]").fill("22222222-3333-4444-8555-666666666666")
    page.locator("[name=expires_at]").fill("2099-06-30")
    page.get_by_role("button", name="Save and test").click()
    page.get_by_role("alert").wait_for()
    take("credentials")
    page.locator("[name=client_secret]").fill(SECRET)
    page.get_by_role("button", name="Save and test").click()
    page.locator("main[data-setup-step=domains]").wait_for()
    take("domains")
    page.get_by_role("button", name="Continue").click()
    take("permissions")
    app.grant(contoso)
    page.get_by_role("button", name="Go on without").click()
    page.get_by_role("button", name="Try", exact=True).click()
    page.get_by_text("AADSTS50011").first.wait_for()
    page.goto(page_of(made.link, "try") + "?code=AADSTS50011")
    take("try-error")
    app.redirect_uris = [f"{SITE}/login/callback"]
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.get_by_role("heading", name="It works").wait_for()
    take("try")
    page.get_by_role("button", name="Finish").click()
    page.locator("main[data-setup-step=done]").wait_for()
    take("done")


#: Writes the same time in place of every other one, and the same address of the link.
_SETTLE = """() => {
  const settle = text => text
    .replace(/\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d/g, "2100-01-15 12:00")
    .replace(/[A-Z][a-z]+\\.? \\d+, \\d{4}, \\d\\d:\\d\\d/g, "Jan. 15, 2100, 12:00")
    .replace(/setup\\/[\\w-]{43}/g, "setup/0mI1XhT6d3kO2bqVn8sYcW5zRgE7uJfLpA4tQx9ZyKM");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) { walker.currentNode.data = settle(walker.currentNode.data); }
  for (const field of document.querySelectorAll("input[readonly], textarea[readonly]")) {
    field.value = settle(field.value);
  }
  if (document.activeElement) { document.activeElement.blur(); }
}"""


#: The same for the log, whose times stand in pieces.
_SAME_DAY = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    walker.currentNode.data = walker.currentNode.data
      .replace(/\\d{4}-\\d\\d-\\d\\d/g, "2100-01-15")
      .replace(/\\d\\d:\\d\\d/g, "12:00");
  }
}"""


def take_of_admin(page: Page, picture: Path, height: int = 600, *, whole: bool = True) -> None:
    page.set_viewport_size({"width": 1100, "height": height})
    page.evaluate(_SETTLE)
    page.screenshot(path=picture, full_page=whole)


@pytest.fixture
def boss(page: Page, transactional_db: None) -> Page:
    """The browser of a superuser."""
    user = get_user_model().objects.create_superuser("miriam", first_name="Miriam")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": SITE}])
    return page


def test_the_admin(boss: Page, picture_folder: Path) -> None:
    Application.objects.filter(slug="default").update(name="Orders Portal")
    application = Application.objects.get(slug="default")
    boss.goto(f"{SITE}/admin/azuread_connections/connection/invite/")
    boss.locator("[name=customer]").fill("Contoso")
    boss.locator("[name=contact_email]").fill("it@contoso.com")
    take_of_admin(boss, picture_folder / "admin-invite-light.png")
    boss.get_by_role("button", name="Create the link").click()
    take_of_admin(boss, picture_folder / "admin-address-light.png")
    for name, step in (("Fabrikam", "credentials"), ("Northwind", "done")):
        made = links.create_link(applications=[application], name=name)
        finished = timezone.now() if step == "done" else None
        SetupLink.objects.filter(pk=made.link.pk).update(
            step=step, openings_used=1, finished_at=finished, created_by_name="Miriam"
        )
    boss.goto(f"{SITE}/admin/azuread_connections/setuplink/")
    take_of_admin(boss, picture_folder / "admin-list-light.png", 500)


def test_a_connection_in_use(
    boss: Page, picture_folder: Path, microsoft: StandIn, transactional_db: None
) -> None:
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application)
    now = timezone.now()
    company.connection.credentials.update(last_success_at=now, expires_at=now + timedelta(days=300))
    company.connection.aliases.update(verified_at=now, found_tenant_id=company.connection.tenant_id)
    for age in (0, 0, 1, 2, 2, 2, 5, 6, 9, 13, 13, 20):
        Event.objects.create(
            created_at=now - timedelta(days=age),
            kind=Event.Kind.SIGNED_IN,
            connection=company.connection,
            person="adele.vance@contoso.com",
        )
    boss.goto(f"{SITE}/admin/azuread_connections/connection/{company.connection.pk}/change/")
    take_of_admin(boss, picture_folder.parent / "overview.png", 900, whole=False)
    boss.locator(".azuread-steps summary").click()
    boss.locator(".azuread-now").screenshot(path=picture_folder.parent / "ready.png")


def test_a_sign_in(boss: Page, picture_folder: Path, microsoft: StandIn) -> None:
    """What an employee sees, and the log of it."""
    folder = picture_folder.parent
    Application.objects.update(name="Orders Portal")
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application)
    Connection.objects.update(display_name="Contoso")
    browser = boss.context.browser
    assert browser is not None
    context = browser.new_context(locale="en-US", timezone_id="UTC")
    employee = context.new_page()
    employee.set_viewport_size({"width": 620, "height": 460})
    employee.goto(f"{SITE}/login/")
    employee.evaluate(_SETTLE)
    employee.screenshot(path=folder / "sign-in.png")
    employee.goto(f"{SITE}/login/callback")
    employee.evaluate("document.querySelector('.azuread-reference code').textContent = '5BWPGYHB'")
    employee.set_viewport_size({"width": 620, "height": 380})
    employee.screenshot(path=folder / "error.png")
    close(context)

    Event.objects.all().delete()
    signed_in = Event(
        kind=Event.Kind.SIGNED_IN,
        connection=company.connection,
        connection_name=company.connection.name,
        application=application,
        application_name=application.name,
        person="adele.vance@contoso.com",
        reference="K7WQ2MXD",
    )
    failed = Event(kind=Event.Kind.SIGN_IN_FAILED, code="transaction_missing", reference="5BWPGYHB")
    for minute, event in enumerate((signed_in, failed)):
        event.created_at = timezone.now() + timedelta(minutes=minute)
        event.save()
    boss.goto(f"{SITE}/admin/azuread_connections/event/")
    boss.evaluate(_SAME_DAY)
    take_of_admin(boss, folder / "log.png", 620, whole=False)


def page_of(link: SetupLink, step: str) -> str:
    return f"{SITE}/login/setup/{link.reference}/{step}"
