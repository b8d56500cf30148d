"""The pages that employees see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from playwright.sync_api import Page, expect

from azuread_connections.decorators import application_required
from azuread_connections.login.flows import callback, consent
from azuread_connections.login.log.failures import FAILURES, SignInFailed
from azuread_connections.login.state import freshness
from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import ConnectionFactory, EnabledConnectionFactory

from .tour import Tour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]

ACCOUNTS = "/login/profile/accounts"


@application_required("default", max_age=1)
def needs_step_up(request: HttpRequest) -> HttpResponse:
    raise AssertionError("The sign-in is older than a second.")


urlpatterns = [
    path("needs-step-up", needs_step_up, name="needs_step_up"),
    path("", include("project.urls")),
]


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    company = Company.create(
        microsoft, Application.objects.get(slug="default"), display_name="Contoso"
    )
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    company.directory.add_person("Megan Bowen")
    return company


def add_connections(count: int, domain: str = "") -> None:
    application = Application.objects.get(slug="default")
    for number in range(count):
        connection = ConnectionFactory.create(
            name=f"c{number}", domain=domain or f"c{number}.example", display_name=f"C{number}"
        )
        EnabledConnectionFactory.create(application=application, connection=connection)


def type_address(page: Page, address: str, button: str = "Continue") -> None:
    page.get_by_label("Your work email").fill(address)
    page.get_by_role("button", name=button, exact=True).click()


def sign_in(tour: Tour, person: str = "Adele Vance", destination: str = ACCOUNTS) -> None:
    tour.goto(f"/login/contoso/?next={destination}")
    tour.press(person, exact=False)


def test_signing_in(tour: Begin, company: Company) -> None:
    at = tour("sign-in")
    at.visit("sign-in", "/login/")
    type_address(at.page, "x@unknown.example")
    at.look("sign-in-unknown-address")
    at.visit("sign-in-other-account", "/login/?prompt=select_account")
    at.visit("start-of-no-connection", "/login/nowhere/")
    at.goto("/login/")
    at.page.route("**/authorize?**", lambda route: route.fulfill(status=204))
    with at.page.expect_request("**/authorize?**"):
        type_address(at.page, "adele.vance@contoso.com")
    expect(at.page.get_by_role("link", name="Continue")).to_be_visible()
    at.look("sign-in-in-between")
    at.page.unroute_all(behavior="wait")
    sign_in(at)
    at.page.wait_for_url(f"**{ACCOUNTS}")
    at.visit("sign-in-without-access", "/login/")
    sign_in(at, "Megan Bowen")
    at.look("switch-user")
    at.page.context.clear_cookies()
    add_connections(1, domain="contoso.com")
    at.goto("/login/")
    type_address(at.page, "adele.vance@contoso.com")
    at.look("sign-in-several-connections")
    Connection.objects.exclude(name="contoso").delete()
    add_connections(12)
    at.visit("sign-in-many-connections", "/login/")
    Connection.objects.all().delete()
    at.visit("sign-in-no-connection", "/login/")
    at.end()


def post(page: Page, path: str) -> None:
    """Send an empty form to an address, as a site's own page does."""
    page.evaluate(
        """path => {
          const form = document.createElement("form");
          form.method = "post";
          form.action = path;
          form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
          document.body.append(form);
          form.submit();
        }""",
        path,
    )


def test_accounts(
    tour: Begin, company: Company, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    at = tour("accounts")
    at.be(get_user_model().objects.create_user("patti"))
    at.visit("accounts-none", ACCOUNTS)
    at.press("Connect an account of Contoso")
    at.press("Adele Vance", exact=False)
    expect(at.page.get_by_text("adele.vance@contoso.com")).to_be_visible()
    at.look("accounts-one")
    Connection.objects.update(show_as_button=True)
    company.connection.applications.clear()
    at.press("Connect an account of Contoso")
    expect(at.page.locator("[data-error-code=connection_disabled]")).to_be_visible()
    at.look("accounts-error")
    EnabledConnectionFactory.create(
        application=Application.objects.get(slug="default"), connection=company.connection
    )
    add_connections(12)
    at.visit("accounts-many-connections", ACCOUNTS)
    type_address(at.page, "x@unknown.example", "Connect this account")
    at.look("accounts-unknown-address")
    with monkeypatch.context() as patch:
        patch.setattr(freshness, "FRESH_FOR", 0)
        at.visit("accounts-after-a-while", ACCOUNTS)
    at.page.context.clear_cookies()
    sign_in(at)
    expect(at.page.get_by_role("heading", name="Your Microsoft accounts")).to_be_visible()
    post(at.page, "/needs-step-up")
    expect(at.page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    at.look("step-up")
    at.end()


def test_errors(
    tour: Begin, company: Company, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every failure has the same page, with other sentences and links."""
    at = tour("errors")
    application = Application.objects.get(slug="default")
    for code in FAILURES:

        def fail(*args: Any, code: str = code, **options: Any) -> HttpResponse:
            raise SignInFailed(
                code, connection=company.connection, application=application, destination="/"
            )

        with monkeypatch.context() as patch:
            patch.setattr(callback, "finish", fail)
            at.visit(f"error-{code}", "/login/callback?state=x&code=x")

    factory = RequestFactory(headers={"host": live_server.url.removeprefix("http://")})
    link = consent.link_for_administrator(
        factory.get("/"), company.connection, asked_by="Miriam Graham"
    )
    company.person.admin = True
    for name, button in (("consent-declined", "Cancel"), ("consent-granted", "Accept")):
        at.goto(link)
        at.press("Adele Vance", exact=False)
        at.press(button)
        at.look(name)
    at.be(get_user_model().objects.create_user("patti"))
    at.visit("error-already-signed-in", "/login/callback?state=x&code=x")
    at.end()
