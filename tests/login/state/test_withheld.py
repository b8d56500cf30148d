"""A failed sign-in causes no mail, and a report of an unexpected error contains no secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.signals import got_request_exception
from django.test import AsyncClient, Client, RequestFactory
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter
from urllib3 import HTTPConnectionPool

from azuread_connections.backends import ConnectionBackend
from azuread_connections.login.flows import exchange, sign_in
from azuread_connections.login.log import events
from azuread_connections.login.state import session
from azuread_connections.login.state.withheld import transaction_cookies, withhold_from_scope
from azuread_connections.login.web import views
from tests.company import Company, error_code, query_of
from tests.login.reports import Arrival
from tests.mail import set_admins

pytestmark = pytest.mark.django_db


@pytest.fixture
def admins(settings: Any) -> Iterator[None]:
    """Mail errors as Django's own LOGGING does with DEBUG off, with all variables as HTML."""
    set_admins(settings, "ada@example.com")
    handler = AdminEmailHandler(include_html=True)
    handler.setLevel(logging.ERROR)
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


def mailed() -> str:
    texts = [letter.body for letter in mail.outbox]
    return "".join([*texts, *(str(part[0]) for each in mail.outbox for part in each.alternatives)])


@pytest.fixture
def reports() -> Iterator[list[str]]:
    """Django's report of each unexpected error, as HTML and as text."""
    texts: list[str] = []

    def report(request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        texts.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    got_request_exception.connect(report)
    yield texts
    got_request_exception.disconnect(report)


def fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("out of order")


#: Places of unexpected errors, from the first frames to the last.
PLACES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "in the view": lambda patch: patch.setattr(sign_in, "find_context", fail),
    "before the request to Microsoft": lambda patch: patch.setattr(
        exchange, "delegated_scopes", fail
    ),
    "while the code is sent": lambda patch: patch.setattr(HTTPConnectionPool, "urlopen", fail),
    "while the token is validated": lambda patch: patch.setattr(
        exchange, "validate_id_token", fail
    ),
    "while the user is looked up": lambda patch: patch.setattr(sign_in, "resolve", fail),
    "while the session is written": lambda patch: patch.setattr(session, "remember", fail),
    "while it is logged": lambda patch: patch.setattr(events, "record_signed_in", fail),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_unforeseen_error_is_reported_without_anything_that_is_secret(
    contoso: Company,
    client: Client,
    admins: None,
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    arrival = Arrival.of(contoso, client)
    PLACES[place](monkeypatch)
    assert arrival.arrive() == 500
    assert len(reports) == 2
    for report in (mailed(), *reports):
        assert "out of order" in report
        assert arrival.shown_in(report) == []
    assert "/login/callback" in mailed()
    assert "azuread_txn_" not in mailed()


class CarelessBackend(ConnectionBackend):
    """A site's hook that stores what it reads in variables, and fails."""

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        assert self.request is not None
        code, cookies = self.request.GET.get("code"), self.request.COOKIES
        raise RuntimeError(f"out of order: {len(str(code))} and {len(cookies)}")


def test_a_sites_own_step_that_fails_is_reported_without_its_variables(
    contoso: Company, client: Client, admins: None, reports: list[str], settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.login.state.test_withheld.CarelessBackend"]
    arrival = Arrival.of(contoso, client)
    assert arrival.arrive() == 500
    [sent] = [seen.form for seen in contoso.microsoft.requests if seen.endpoint == "token"]
    for report in (mailed(), *reports):
        assert "out of order" in report
        assert "eyJ" not in report  # how each token begins
        assert sent["code_verifier"] not in report


def test_the_middleware_of_a_site_fails_before_the_view(
    contoso: Company, client: Client, admins: None, reports: list[str], settings: Any
) -> None:
    arrival = Arrival.of(contoso, client)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    assert arrival.arrive() == 500
    for report in (mailed(), *reports):
        assert "FailingMiddleware" in report
        assert arrival.shown_in(report) == []


def test_any_other_page_that_fails_during_a_sign_in(
    contoso: Company, client: Client, admins: None, reports: list[str], settings: Any
) -> None:
    arrival = Arrival.of(contoso, client)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    browser = Client(raise_request_exception=False)
    browser.cookies = client.cookies
    browser.cookies["other"] = "kept"
    assert browser.get("/reports/?code=of-this-page").status_code == 500
    for report in (mailed(), *reports):
        assert arrival.shown_in(report) == []
    assert "of-this-page" in reports[0]  # another page's parameters are its own
    assert "kept" in reports[0]


def test_an_error_of_the_failure_page_is_reported_without_what_led_to_the_failure(
    contoso: Company,
    client: Client,
    admins: None,
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrival = Arrival.of(contoso, client)
    contoso.microsoft.fault("token", aadsts=7000215)
    monkeypatch.setattr("azuread_connections.login.web.error_page.render", fail)
    assert arrival.arrive() == 500
    for report in (mailed(), *reports):
        assert "out of order" in report
        assert "CredentialRejected" not in report
        assert arrival.shown_in(report) == []


def test_an_error_under_asgi_is_reported_without_anything_that_is_secret(
    contoso: Company,
    client: Client,
    admins: None,
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrival = Arrival.of(contoso, client)
    monkeypatch.setattr(sign_in, "find_context", fail)
    browser = AsyncClient(raise_request_exception=False)
    browser.cookies = client.cookies
    address = arrival.url.removeprefix("http://testserver")
    # The headers in which proxies pass the address on, and a page that links to the callback.
    again = {"X-Original-URI": address, "X-Forwarded-Uri": address, "Referer": arrival.url}
    assert async_to_sync(browser.get)(address, headers=again).status_code == 500
    assert len(reports) == 2
    for report in (mailed(), *reports):
        assert arrival.shown_in(report) == []


def test_a_forced_script_name_hides_no_callback_under_asgi(settings: Any) -> None:
    """Without a cookie, only its path says that a request is for our callback."""
    settings.FORCE_SCRIPT_NAME = "/site"
    scope: dict[str, Any] = {"path": "/site/login/callback", "query_string": b"code=the-code"}
    assert withhold_from_scope(scope)
    assert b"the-code" not in scope["query_string"]
    assert "the-code" not in repr(scope)


def test_people_sign_in_under_asgi(contoso: Company, client: Client) -> None:
    arrival = Arrival.of(contoso, client)
    browser = AsyncClient()
    browser.cookies = client.cookies
    address = arrival.url.removeprefix("http://testserver")
    assert async_to_sync(browser.get)(address).status_code == 302


def test_a_request_that_no_server_started_loses_them_in_the_view(
    contoso: Company, client: Client
) -> None:
    """With another URLconf, for example, the callback is unknown until its view is called."""
    arrival = Arrival.of(contoso, client)
    request = RequestFactory().request(**arrival.environ)
    assert query_of(arrival.url)["code"] in request.get_full_path()
    request.session, request.user = SessionStore(), AnonymousUser()
    response = views.CallbackView.as_view()(request)
    assert response.status_code == 302
    shown = f"{request!r}{request.GET}{request.COOKIES}{request.META}"
    assert arrival.shown_in(shown) == []


def test_another_apps_callback_keeps_its_parameters(client: Client, contoso: Company) -> None:
    """Such as that of another OAuth client on the same site."""
    contoso.start(client)
    response = client.get("/other/oauth/callback", {"code": "theirs", "state": "theirs"})
    assert response.wsgi_request.GET == {"code": ["theirs"], "state": ["theirs"]}


def test_a_middleware_that_redirects_takes_the_sealed_parameters_along(
    contoso: Company, client: Client, settings: Any
) -> None:
    """Such as PREPEND_WWW: it builds its address from the request's."""
    arrival = Arrival.of(contoso, client)
    settings.MIDDLEWARE = ["tests.login.reports.MovingMiddleware", *settings.MIDDLEWARE]
    browser = Client()
    browser.cookies = client.cookies
    moved = browser.get(arrival.url)
    assert moved.status_code == 302
    assert arrival.shown_in(moved["Location"]) == []
    response = browser.get(moved["Location"])
    assert (response.status_code, response["Location"]) == (302, "/")
    assert browser.get("/login/profile").status_code == 200


def test_an_unreadable_sealed_parameter_is_not_a_sign_in(contoso: Company, client: Client) -> None:
    response = client.get("/login/callback", {"sealed": "AAAA"})
    assert (response.status_code, error_code(response)) == (400, "transaction_missing")


def test_cookies_are_distinguished_by_their_name(rf: Any) -> None:
    request = rf.get("/", HTTP_COOKIE="a=1; azuread_txn_x=sealed; b=azuread_txn_")
    assert transaction_cookies(request) == (("azuread_txn_x", "sealed"),)
    assert request.COOKIES == {"a": "1", "b": "azuread_txn_"}
