"""Run by ``test_packages`` with OpenTelemetry's instrumentations, with and without the code of
docs/tracing.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from opentelemetry import trace
from opentelemetry.instrumentation import _semconv
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util._once import Once

from azuread_connections.login.flows import sign_in
from azuread_connections.login.lookup.frontchannel import frontchannel_token
from tests.company import Company
from tests.login.reports import Arrival, open_connections
from tests.packages.documented import run

pytestmark = pytest.mark.django_db

PERSON = "adele.vance@contoso.com"


class Traced:
    """What would be sent to a collector."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.processor = SimpleSpanProcessor(self.exporter)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    @property
    def text(self) -> str:
        return "\n".join(span.to_json() for span in self.spans)

    def shows(self, person: str = PERSON) -> bool:
        return person in self.text or person.replace("@", "%40") in self.text


@pytest.fixture(params=["", "http"], ids=["old conventions", "new conventions"])
def conventions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", request.param)
    monkeypatch.setattr(_semconv._OpenTelemetrySemanticConventionStability, "_initialized", False)


@pytest.fixture
def uninstrumented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    yield
    for instrumentor in (DjangoInstrumentor(), RequestsInstrumentor(), URLLib3Instrumentor()):
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()


@pytest.fixture
def traced(conventions: None, uninstrumented: None) -> Traced:
    """As docs/tracing.md says."""
    traced = Traced()
    run("tracing.md", "opentelemetry: tracing")["set_up"](traced.processor)
    URLLib3Instrumentor().instrument()
    return traced


@pytest.fixture
def unprotected(conventions: None, uninstrumented: None) -> Traced:
    traced = Traced()
    provider = TracerProvider()
    provider.add_span_processor(traced.processor)
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(tracer_provider=provider)
    RequestsInstrumentor().instrument(tracer_provider=provider)
    return traced


def arrive(arrival: Arrival, company: Company, traced: Traced) -> int:
    """Return from Microsoft. ``traced`` forgets what the imitated browser has done before."""
    traced.exporter.clear()
    return arrival.arrive()


def arrive_by_middleware(arrival: Arrival, traced: Traced) -> None:
    """Return from Microsoft to a site that wraps Django in OpenTelemetry's own middleware."""
    traced.exporter.clear()
    site = OpenTelemetryMiddleware(WSGIHandler(), tracer_provider=trace.get_tracer_provider())
    with open_connections():
        list(site(arrival.environ, lambda status, headers, error=None: None))


def test_a_sign_in_is_traced_without_anything_that_is_secret(
    contoso: Company, client: Client, traced: Traced
) -> None:
    contoso.connection.extended_profile = True
    contoso.connection.save()
    arrival = Arrival.of(contoso, client)
    assert arrive(arrival, contoso, traced) == 302
    assert [span.name for span in traced.spans][-1] == "GET login/callback"
    assert len(traced.spans) == 4
    assert arrival.shown_in(traced.text) == []
    assert "sealed=" not in traced.text
    assert "?" not in "".join(str(dict(span.attributes or {})) for span in traced.spans)
    assert not traced.shows()


def test_opentelemetrys_own_middleware(contoso: Company, client: Client, traced: Traced) -> None:
    arrival = Arrival.of(contoso, client)
    arrive_by_middleware(arrival, traced)
    assert traced.spans
    assert arrival.shown_in(traced.text) == []


def test_without_the_recipe_that_middleware_shows_the_code(
    contoso: Company, client: Client, unprotected: Traced
) -> None:
    arrival = Arrival.of(contoso, client)
    arrive_by_middleware(arrival, unprotected)
    code, state = arrival.hidden[:2]
    assert code in unprotected.text
    assert state in unprotected.text


def test_an_unforeseen_error(
    contoso: Company, client: Client, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("out of order")

    arrival = Arrival.of(contoso, client)
    monkeypatch.setattr(sign_in, "resolve", fail)
    assert arrive(arrival, contoso, traced) == 500
    assert "out of order" in traced.text
    assert arrival.shown_in(traced.text) == []


def request_of_a_server(address: str) -> None:
    """Pass a request to Django with the address as gunicorn and uWSGI add it."""
    arrival = Arrival(f"http://testserver{address}", {}, ())
    assert arrival.arrive() < 500


def addresses_with_names_and_tokens(company: Company) -> str:
    """Open addresses that hold a person or a token; return the token."""
    token = frontchannel_token(company.connection)
    request_of_a_server(f"/login/?email={PERSON}")
    request_of_a_server(f"/login/frontchannel-logout/{token}?sid=unknown")
    requests.get(f"{company.microsoft.url}/graph/v1.0/users/{PERSON}", timeout=5)
    return token


def test_addresses_with_names_and_tokens(contoso: Company, traced: Traced) -> None:
    token = addresses_with_names_and_tokens(contoso)
    assert len(traced.spans) == 3
    assert token not in traced.text
    assert not traced.shows()
    assert contoso.microsoft.url in traced.text


def test_without_the_recipe_they_are_shown(contoso: Company, unprotected: Traced) -> None:
    token = addresses_with_names_and_tokens(contoso)
    assert unprotected.shows()
    assert token in unprotected.text


def test_a_directorys_id_stays_readable(traced: Traced) -> None:
    clean = run("tracing.md", "opentelemetry: tracing")["clean"]
    address = "https://login.example.com/7d1f2c9b-1111-4a3e-8f00-00000000c001/oauth2/v2.0/token"
    with trace.get_tracer(__name__).start_as_current_span("x") as span:
        span.set_attribute("url.full", f"{address}?code=1")
        clean(span)
    assert traced.spans[-1].attributes == {"url.full": address}
