"""The token and the cookie of a set-up link appear in no report of an error and in no log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.test import Client
from django.views.debug import ExceptionReporter

from azuread_connections.login.state import sealing, withheld
from azuread_connections.login.state.withheld import withhold_from_environ, withhold_from_scope
from azuread_connections.login.web.sentry_events import scrub
from azuread_connections.models import Application
from azuread_connections.setup.links import CreatedLink, create_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(application: Application) -> CreatedLink:
    return create_link(applications=[application], name="Contoso")


@pytest.fixture
def reports() -> Iterator[list[str]]:
    texts: list[str] = []

    def report(request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        texts.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    got_request_exception.connect(report)
    yield texts
    got_request_exception.disconnect(report)


def test_a_report_has_neither_token_nor_cookie(
    made: CreatedLink, client: Client, reports: list[str], settings: Any
) -> None:
    step = client.post(made.path)["Location"]
    [cookie] = client.cookies.values()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    failing = Client(raise_request_exception=False)
    failing.cookies = client.cookies
    address = f"http://testserver{made.path}"
    failing.get(made.path, HTTP_X_ORIGINAL_URI=made.path)
    failing.post(made.path, headers={"Referer": address})
    failing.get(step, headers={"Referer": address})
    assert len(reports) == 6
    for report in reports:
        assert "FailingMiddleware" in report
        assert made.token not in report
        assert cookie.value not in report


def test_a_view_that_fails_shows_no_variables(
    made: CreatedLink, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("out of order")

    monkeypatch.setattr("azuread_connections.setup.opening.tokens.hash_of", fail)
    browser = Client(raise_request_exception=False)
    assert browser.post(made.path).status_code == 500
    assert len(reports) == 2
    for report in reports:
        assert made.token not in report


def test_a_refused_link_is_logged_without_its_token(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    token = "Z" * 43
    assert client.get(f"/login/setup/{token}").status_code == 404
    assert client.put(f"/login/setup/{token}").status_code == 405
    assert token not in caplog.text


@pytest.mark.parametrize("rest", ["/", ".", ">", "/credentials/x", "%0A"])
def test_an_address_with_more_behind_it_is_logged_without_its_token(
    made: CreatedLink, client: Client, caplog: pytest.LogCaptureFixture, rest: str
) -> None:
    assert client.get(made.path + rest).status_code == 404
    assert made.token not in caplog.text


def test_a_redirect_of_a_middleware_leads_to_the_link(
    made: CreatedLink, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", *settings.MIDDLEWARE]
    moved = client.get(made.path)["Location"]
    assert made.token not in moved
    path = moved.removeprefix("https://testserver")
    assert client.get(path, secure=True).status_code == 200
    # The sealed address, which a report could show, is of no use later.
    later = withheld.time.time() + 61
    monkeypatch.setattr(withheld.time, "time", lambda: later)
    assert client.get(path, secure=True).status_code == 404


def test_the_same_under_asgi(made: CreatedLink) -> None:
    referer = f"https://testserver{made.path}".encode()
    scope: dict[str, Any] = {
        "path": made.path,
        "raw_path": made.path.encode(),
        "headers": [(b"referer", referer), (b"cookie", b"azuread_setup_abc=secret; other=kept")],
    }
    assert withhold_from_scope(scope)
    assert made.token not in repr(scope)
    assert "secret" not in repr(scope)
    assert "other=kept" in repr(scope)


def test_other_paths_are_left_alone() -> None:
    path = f"/elsewhere/setup/{'x' * 43}"
    environ = {"PATH_INFO": path, "HTTP_COOKIE": "azuread=1"}
    assert not withhold_from_environ(environ)
    assert environ["PATH_INFO"] == path


def test_a_sealed_value_of_another_purpose_opens_nothing(client: Client) -> None:
    assert client.get(f"/login/setup/{sealing.seal('callback', ['x', 0])}").status_code == 404


def test_sentrys_copy_is_cleaned(made: CreatedLink) -> None:
    event = {
        "request": {
            "url": f"https://testserver{made.path}",
            "cookies": {"azuread_setup_abc": "secret", "other": "kept"},
            "headers": {"Cookie": "azuread_setup_abc=secret; other=kept"},
        }
    }
    cleaned = str(scrub(event, {}))
    assert made.token not in cleaned
    assert "secret" not in cleaned
    assert "kept" in cleaned
