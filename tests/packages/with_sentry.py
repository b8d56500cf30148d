"""Run by ``test_packages`` with Sentry's SDK and all of its data collection switched on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from urllib3 import HTTPConnectionPool

from azuread_connections.login.flows import sign_in
from tests.company import Company
from tests.login.reports import Arrival

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:The send_default_pii option is deprecated"),
]


class Collecting(Transport):
    """Keeps what would be sent to Sentry."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.items: list[Any] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.items += [item.payload.json for item in envelope.items if item.payload.json]

    @property
    def sent(self) -> str:
        return json.dumps(self.items)


@pytest.fixture(params=[{}, {"send_default_pii": True}], ids=["as it comes", "personal data, too"])
def sentry(request: pytest.FixtureRequest) -> Iterator[Collecting]:
    transport = Collecting()
    sentry_sdk.init(
        dsn="https://key@sentry.example.com/1",
        transport=transport,
        traces_sample_rate=1.0,
        attach_stacktrace=True,
        max_request_body_size="always",
        auto_session_tracking=False,
        **request.param,
    )
    yield transport
    sentry_sdk.get_client().close()


def fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("out of order")


PLACES: dict[str, tuple[Any, str]] = {
    "in the view": (sign_in, "find_context"),
    "while the code is sent": (HTTPConnectionPool, "urlopen"),
    "while the user is looked up": (sign_in, "resolve"),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_unforeseen_error_reaches_sentry_without_anything_that_is_secret(
    contoso: Company,
    client: Client,
    sentry: Collecting,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    arrival = Arrival.of(contoso, client)
    monkeypatch.setattr(*PLACES[place], fail)
    assert arrival.arrive() == 500
    [event] = [item for item in sentry.items if "exception" in item]
    assert event["exception"]["values"][-1]["value"] == "out of order"
    assert event["request"]["url"].endswith("/login/callback")
    assert arrival.shown_in(sentry.sent) == []


def test_a_middleware_that_fails_before_the_view(
    contoso: Company, client: Client, sentry: Collecting, settings: Any
) -> None:
    arrival = Arrival.of(contoso, client)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    assert arrival.arrive() == 500
    assert [item for item in sentry.items if "exception" in item]
    assert arrival.shown_in(sentry.sent) == []


def test_a_logged_failure_is_not_sent_to_sentry(
    contoso: Company, client: Client, sentry: Collecting
) -> None:
    """The request's trace and its breadcrumbs are still sent."""
    arrival = Arrival.of(contoso, client)
    contoso.microsoft.fault("token", aadsts=7000222)
    assert arrival.arrive() == 502
    assert not [item for item in sentry.items if "exception" in item or "logentry" in item]
    assert [item for item in sentry.items if item.get("type") == "transaction"]
    assert arrival.shown_in(sentry.sent) == []


def test_a_page_that_fails_during_a_sign_in(
    contoso: Company, client: Client, sentry: Collecting, settings: Any
) -> None:
    arrival = Arrival.of(contoso, client)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    elsewhere = Arrival("http://testserver/reports/?code=theirs", arrival.cookies, arrival.hidden)
    assert elsewhere.arrive() == 500
    assert "code=theirs" in sentry.sent
    assert arrival.shown_in(sentry.sent) == []
