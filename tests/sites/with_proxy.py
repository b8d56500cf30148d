"""Run by ``test_sites`` behind a proxy that ends TLS, below a prefix: over https, as a browser."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.contrib.auth import get_user_model
from django.middleware.security import SecurityMiddleware
from django.test import Client

from azuread_connections.login.web import unseen_https
from azuread_connections.models import Application, Event
from azuread_connections.testing import StandIn, next_address
from tests.company import Company, query_of
from tests.provider.clients.site import write_certificate
from tests.sites.browser import Browser
from tests.sites.proxy import ending_tls

pytestmark = pytest.mark.django_db(transaction=True)

PREFIX = "/portal"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "localhost.pem")


@pytest.fixture(params=["removed by the proxy", "in the URLconf"])
def site(
    request: pytest.FixtureRequest, settings: Any, live_server: Any, certificate: Path
) -> Iterator[str]:
    """The site's scheme and host."""
    strips = PREFIX if request.param == "removed by the proxy" else ""
    if not strips:
        settings.ROOT_URLCONF, settings.FORCE_SCRIPT_NAME = "tests.sites.urls_deep", None
    port = urlsplit(live_server.url).port or 0
    with ending_tls(port, certificate, strips=strips) as url:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": url}
        yield url


@pytest.fixture
def company(microsoft: StandIn, transactional_db: None) -> Company:
    return Company.create(microsoft, Application.objects.get(slug="default"))


def browser_of(company: Company, site: str, certificate: Path) -> Browser:
    company.app.redirect_uris = (f"{site}{PREFIX}/x/login/callback",)
    return Browser(f"{site}{PREFIX}", str(certificate))


@pytest.fixture
def browser(company: Company, site: str, certificate: Path) -> Browser:
    return browser_of(company, site, certificate)


def cookies(response: requests.Response) -> dict[str, str]:
    """Return the attributes of each cookie that a response sets, by its name."""
    raw: Any = response.raw
    sent = raw.headers.getlist("Set-Cookie")
    return {each.partition("=")[0]: each.partition(";")[2] for each in sent}


def test_a_sign_in_goes_over_https(company: Company, browser: Browser, site: str) -> None:
    begun = browser.open("/x/login/contoso/", next=f"{PREFIX}/x/login/profile")
    assert query_of(begun.headers["Location"])["redirect_uri"] == f"{site}/portal/x/login/callback"
    [(name, attributes)] = cookies(begun).items()
    assert name.startswith("__Host-azuread_txn_")
    assert {"Path=/", "Secure", "HttpOnly"} <= {each.strip() for each in attributes.split(";")}
    arrived = browser.arrive(company, begun)
    assert (arrived.status_code, arrived.headers["Location"]) == (302, "/portal/x/login/profile")
    session = cookies(arrived)["sessionid"]
    assert {"Path=/portal/", "Secure"} <= {each.strip() for each in session.split(";")}
    assert browser.open("/x/login/profile").json()["connection"] == "contoso"
    assert Event.objects.get().address == "203.0.113.9"


def test_the_forms_are_accepted(company: Company, browser: Browser) -> None:
    page = browser.open("/x/login/")
    assert page.status_code == 200
    assert 'href="/portal/x/login/contoso/' in page.text or "azuread-email" in page.text
    begun = browser.submit("/x/login/", email="adele.vance@contoso.com")
    assert begun.status_code == 200
    assert browser.arrive(company, begun).headers["Location"] == "/portal/"
    accounts = browser.open("/x/login/profile/accounts")
    assert "adele.vance@contoso.com" in accounts.text
    assert browser.submit("/x/login/logout").headers["Location"] == "/portal/"
    assert browser.open("/x/login/profile").status_code == 401


def test_a_destination_does_not_loop(company: Company, browser: Browser) -> None:
    for destination in ("/portal/x/login/", "/portal/x/login/contoso/", "//evil.example/"):
        begun = browser.open("/x/login/contoso/", next=destination)
        assert browser.arrive(company, begun).headers["Location"] == "/portal/"


def test_a_page_that_fails_leads_back_below_the_prefix(browser: Browser) -> None:
    page = browser.open("/x/login/callback", state="x", code="y")
    assert page.status_code == 400
    assert 'href="/portal/x/login/' in page.text
    assert 'href="/portal/static/azuread_connections/login.css"' in page.text or (
        'href="/static/' in page.text
    )


def test_a_customer_is_invited_and_opens_the_link(
    company: Company, browser: Browser, site: str, certificate: Path
) -> None:
    client = Client()
    boss = get_user_model().objects.create_superuser("boss")
    client.force_login(boss, "django.contrib.auth.backends.ModelBackend")
    browser.cookies.set("sessionid", client.cookies["sessionid"].value)
    connection = f"/admin/azuread_connections/connection/{company.connection.pk}"
    page = browser.open(f"{connection}/change/").text
    assert f"{site}/portal/x/login/callback" in page
    assert f"{site}/portal/x/login/frontchannel-logout/" in page
    assert browser.open(f"{connection}/invite/").status_code == 200
    fields = {"purpose": "renew", "days": "5", "openings": "1"}
    made = browser.submit(f"{connection}/invite/", **fields).text
    [address] = re.findall(rf'value="{site}/portal(/x/login/setup/[^"]+)"', made)
    customer = Browser(browser.site, str(certificate))
    assert customer.open(address).status_code == 200
    opened = customer.submit(address)
    assert opened.headers["Location"].startswith("/portal/x/login/setup/")
    [(name, attributes)] = cookies(opened).items()
    assert name.startswith("__Host-azuread_setup_")
    assert {"Path=/", "Secure"} <= {each.strip() for each in attributes.split(";")}
    step = customer.open(opened.headers["Location"].removeprefix(PREFIX))
    assert step.status_code == 200
    assert 'action="/x/' not in step.text


@pytest.fixture
def unsaid(
    settings: Any,
    live_server: Any,
    certificate: Path,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Browser]:
    """A browser of a site whose proxy does not say that it ends TLS."""
    unseen_https._warn_once.cache_clear()
    # As if SECURE_SSL_REDIRECT were off, which the server has read when it started.
    monkeypatch.setattr(SecurityMiddleware, "process_request", lambda self, request: None)
    port = urlsplit(live_server.url).port or 0
    with ending_tls(port, certificate, strips=PREFIX, says_so=False) as url:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": url}
        yield browser_of(company, url, certificate)


def test_without_the_header_the_log_says_why_forms_are_refused(
    unsaid: Browser, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "azuread_connections"):
        assert unsaid.open("/x/login/").status_code == 200
        assert unsaid.open("/x/login/").status_code == 200
    [said] = [each.getMessage() for each in caplog.records if each.name == "azuread_connections"]
    assert said.startswith("A request for https://localhost:")
    assert "SECURE_PROXY_SSL_HEADER" in said
    assert unsaid.submit("/x/login/", email="adele.vance@contoso.com").status_code == 403


def test_without_the_header_the_sign_in_itself_is_https(unsaid: Browser, company: Company) -> None:
    begun = unsaid.open("/x/login/contoso/")
    assert query_of(next_address(begun))["redirect_uri"].startswith("https://localhost:")
    assert all("Secure" in attributes for attributes in cookies(begun).values())
    assert unsaid.arrive(company, begun).status_code == 302


@pytest.mark.parametrize(
    ("origin", "is_trusted"),
    [("https://{host}", True), ("https://*.{host}", True), ("https://*.localhost", False)],
)
def test_nothing_is_logged_where_the_origin_is_trusted(
    unsaid: Browser, settings: Any, caplog: pytest.LogCaptureFixture, origin: str, is_trusted: bool
) -> None:
    """As Django compares it, with its port."""
    host = urlsplit(unsaid.site).netloc
    settings.CSRF_TRUSTED_ORIGINS = [origin.format(host=host)]
    assert unsaid.open("/x/login/").status_code == 200
    assert ("arrived as http" in caplog.text) is not is_trusted


def test_with_a_redirect_to_https_it_goes_round(
    unsaid: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    answer = unsaid.open("/x/login/")
    assert answer.headers["Location"] == answer.url
