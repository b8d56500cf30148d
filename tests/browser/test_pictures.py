"""The walk through set-up and sign-in that `python -m project.screenshots` takes its pictures on.

Without that command the pictures go to a temporary folder: then this tests that the walk still
leads to every page that docs/ shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

from azuread_connections.models import Application, Connection, DomainAlias, Event, SetupLink
from azuread_connections.setup import links
from azuread_connections.testing import StandIn
from project.screenshots import LOOKS, OPTION, PICTURES
from tests.browser.conftest import ARGUMENTS, CHROMIUM, close
from tests.company import Company
from tests.factories import ConnectionFactory, CredentialFactory

# A function that returns where the picture of a name goes.
Picture = Callable[[str], Path]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: What the pictures show as the site's address. The browser finds the test's server there.
SITE = "http://app.example.com"
TENANT = "a1b2c3d4-0000-4444-8888-cccccccccccc"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
SECRET = "Abc8Q~this-is-the-value-of-the-secret-12"
DNS_TOKEN = "3f9c1e7a5b2d48609e1c7d3a8b5f2e60"
UNTIL = datetime(2100, 1, 15, 12, tzinfo=UTC)
CONSENT_LINK = f"https://login.microsoftonline.com/{TENANT}/v2.0/adminconsent?client_id={CLIENT_ID}"


@pytest.fixture
def page(chromium: Browser, live_server: Any, settings: Any, microsoft: StandIn) -> Iterator[Page]:
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": SITE}
    port = urlsplit(live_server.url).port
    rule = f"--host-resolver-rules=MAP app.example.com:80 127.0.0.1:{port}"
    mapped = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rule])
    context = mapped.new_context(locale="en-US", timezone_id="UTC")
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    close(context)
    mapped.close()


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Picture]:
    """Where a picture goes; at the end, all of the test's pictures must have been taken."""
    folder = Path(request.config.getoption(OPTION, None) or tmp_path)
    expected = PICTURES[request.node.name]

    def path_of(name: str) -> Path:
        assert name in expected, f"{name} is missing in project/screenshots.py"
        return folder / name

    yield path_of
    assert [name for name in expected if not (folder / name).is_file()] == []


@pytest.fixture
def take(page: Page, picture: Picture) -> Any:
    def take(name: str) -> None:
        page.evaluate(
            """link => {
              const field = document.getElementById("setup-consent-link");
              if (field) { field.value = link; }
              if (document.activeElement) { document.activeElement.blur(); }
            }""",
            CONSENT_LINK,
        )
        for look, (scheme, width) in LOOKS.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 500})
            page.screenshot(path=picture(f"setup/{name}-{look}.png"), full_page=True)
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
    page.get_by_label("Further domain").fill("contoso.net")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("heading", name="contoso.net", exact=True).wait_for()
    DomainAlias.objects.filter(domain="contoso.net").update(dns_token=DNS_TOKEN)
    page.reload()
    take("domains-record")
    page.get_by_role("button", name="Remove contoso.net").click()
    page.get_by_role("heading", name="contoso.net", exact=True).wait_for(state="detached")
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


#: Writes the same time in place of every other one, the same month below a chart, and the same
#: address of the link.
_SETTLE = """() => {
  for (const axis of document.querySelectorAll(".azuread-chart-axis")) {
    axis.firstElementChild.textContent = "2099-12-17";
    axis.lastElementChild.textContent = "2100-01-15";
  }
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
      .replace(/^\\s*20[2-8]\\d-\\d\\d-\\d\\d/, "2100-01-15")
      .replace(/\\d\\d:\\d\\d/g, "12:00");
  }
}"""


#: Writes the same values in place of the claims that differ from one token to the next.
_SAME_TOKEN = """() => {
  const claims = {
    iat: "4103697600 (2100-01-15 12:00:00 UTC)",
    nbf: "4103697600 (2100-01-15 12:00:00 UTC)",
    exp: "4103701500 (2100-01-15 13:05:00 UTC)",
    aio: "DNyEEWkWnVID4Y1K2UDkHyYwVNGMNMOKBy4VsD5VPk5S3HrZ2UsnMXjt73yS9XJJ",
    nonce: "WhFbyPxtV8H0clsKXlOPZ8F6rBHKsSnvZUJR3t1NCCQ",
    rh: "1.AgKT8zpajiopK5zojkzTBqmvxobMVp8sK49pbNUlXukjH.",
    sub: "oqPW7hsoLDhIF0vmv04T4KImCgmUXxLV9VPMaUtYxf0",
    uti: "5d3FWW9ROkq6oF1IIpkJAA",
  };
  for (const row of document.querySelectorAll(".azuread-try tr")) {
    const [name, value] = row.cells;
    value.textContent = claims[name.textContent]
      || value.textContent.replace(/^http:[/][/][^/]+/, "https://login.microsoftonline.com");
  }
}"""


def take_of_admin(
    page: Page, path: Path, height: int = 600, *, whole: bool = True, then: str = ""
) -> None:
    page.set_viewport_size({"width": 1100, "height": height})
    page.evaluate(_SETTLE)
    if then:
        page.evaluate(then)
    page.screenshot(path=path, full_page=whole)


@pytest.fixture
def boss(page: Page, transactional_db: None) -> Page:
    """The browser of a superuser."""
    user = get_user_model().objects.create_superuser("miriam", first_name="Miriam")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": SITE}])
    return page


def test_the_admin(boss: Page, picture: Picture) -> None:
    Application.objects.filter(slug="default").update(name="Orders Portal")
    application = Application.objects.get(slug="default")
    boss.goto(f"{SITE}/admin/azuread_connections/connection/invite/")
    boss.locator("[name=customer]").fill("Contoso")
    boss.locator("[name=contact_email]").fill("it@contoso.com")
    take_of_admin(boss, picture("setup/admin-invite-light.png"))
    boss.get_by_role("button", name="Create the link").click()
    take_of_admin(boss, picture("setup/admin-address-light.png"))
    for name, step in (("Fabrikam", "credentials"), ("Northwind", "done")):
        made = links.create_link(applications=[application], name=name)
        finished = timezone.now() if step == "done" else None
        SetupLink.objects.filter(pk=made.link.pk).update(
            step=step, openings_used=1, finished_at=finished, created_by_name="Miriam"
        )
    boss.goto(f"{SITE}/admin/azuread_connections/setuplink/")
    take_of_admin(boss, picture("setup/admin-list-light.png"), 500)


def test_a_connection_in_use(
    boss: Page, picture: Picture, microsoft: StandIn, transactional_db: None
) -> None:
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application)
    now = timezone.now()
    Connection.objects.update(client_id=CLIENT_ID)
    credential = company.connection.credentials.get()
    credential.value, credential.last_success_at = SECRET, now
    credential.expires_at = now + timedelta(days=300)
    credential.save()
    company.connection.aliases.update(verified_at=now, found_tenant_id=company.connection.tenant_id)
    for age in (0, 0, 1, 2, 2, 2, 5, 6, 9, 13, 13, 20):
        Event.objects.create(
            created_at=now - timedelta(days=age),
            kind=Event.Kind.SIGNED_IN,
            connection=company.connection,
            person="adele.vance@contoso.com",
        )
    boss.goto(f"{SITE}/admin/azuread_connections/connection/{company.connection.pk}/change/")
    take_of_admin(boss, picture("overview.png"), 900, whole=False)
    boss.locator(".azuread-steps summary").click()
    boss.locator(".azuread-now").screenshot(path=picture("ready.png"))


def try_connection(page: Page, address: str) -> Page:
    """Press *Try* as Adele Vance; return the tab that shows the result."""
    page.goto(address)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Try").first.click()
    result = opened.value
    result.get_by_role("button", name="Adele Vance").click()
    return result


def test_a_trial(boss: Page, picture: Picture, microsoft: StandIn, transactional_db: None) -> None:
    """*Try* in the admin, with a wrong secret and with the right one."""
    Application.objects.filter(slug="default").update(name="Orders Portal")
    contoso = microsoft.add_directory("contoso.com", tenant_id=TENANT)
    contoso.add_person("Adele Vance", object_id="dddddddd-9999-4000-8111-222233334444")
    contoso.add_app(client_id=CLIENT_ID, secret=SECRET, redirect_uris=[f"{SITE}/login/callback"])
    connection = ConnectionFactory.create(name="contoso", domain="contoso.com", client_id=CLIENT_ID)
    connection.pin(TENANT)
    connection.applications.set(Application.objects.filter(slug="default"))
    wrong = CredentialFactory.create(connection=connection, value=SECRET[:-2] + "00")
    page = f"{SITE}/admin/azuread_connections/connection/{connection.pk}/try/"
    result = try_connection(boss, page)
    result.get_by_role("heading", name="It does not work yet").wait_for()
    take_of_admin(result, picture("try-failed.png"), 560, whole=False)
    wrong.delete()
    CredentialFactory.create(connection=connection, value=SECRET)
    result = try_connection(boss, page)
    result.get_by_role("heading", name="It works").wait_for()
    take_of_admin(result, picture("it-works.png"), 920, whole=False, then=_SAME_TOKEN)


def test_a_sign_in(boss: Page, picture: Picture, microsoft: StandIn) -> None:
    """What an employee sees, and the log of it."""
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
    employee.screenshot(path=picture("sign-in.png"))
    employee.goto(f"{SITE}/login/callback")
    employee.evaluate("document.querySelector('.azuread-reference code').textContent = '5BWPGYHB'")
    employee.set_viewport_size({"width": 620, "height": 380})
    employee.screenshot(path=picture("error.png"))
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
    take_of_admin(boss, picture("log.png"), 620, whole=False)


def page_of(link: SetupLink, step: str) -> str:
    return f"{SITE}/login/setup/{link.reference}/{step}"
