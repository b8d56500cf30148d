from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.company import Company

pytest_plugins = ["azuread_connections.testing.plugin"]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class _Heard(logging.Handler):
    """Keeps all that is logged, with what the records carry along."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        extra = record.__dict__.get("azuread", "")
        self.texts.append(f"{record.getMessage()} {extra}")


@pytest.fixture(autouse=True)
def _nothing_logged_gives_a_secret_away(request: pytest.FixtureRequest) -> Iterator[None]:
    """In every test of the suite that signs somebody in: no client secret, no code is logged."""
    if "entra" not in request.fixturenames:
        yield
        return
    entra: StandIn = request.getfixturevalue("entra")
    heard = _Heard()
    logger = logging.getLogger("azuread_connections")
    level = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(level)
    logger.removeHandler(heard)
    sent = [seen.form for seen in entra.requests if seen.endpoint == "token"]
    hidden = {
        form[name]
        for form in sent
        for name in ("client_secret", "code", "code_verifier")
        if len(form.get(name, "")) > 8
    }
    everything = "\n".join(heard.texts)
    assert not [value for value in hidden if value in everything]


@pytest.fixture
def microsoft(entra: StandIn, settings: Any) -> StandIn:
    """The stand-in, with the site's settings pointed at it."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": f"{entra.url}/graph",
    }
    return entra


@pytest.fixture
def application(db: None) -> Application:
    return Application.objects.get(slug="default")


@pytest.fixture
def contoso(microsoft: StandIn, application: Application) -> Company:
    """A company with a person, whose connection is pinned and enabled for the application."""
    return Company.create(microsoft, application)


@pytest.fixture
def fabrikam(microsoft: StandIn, application: Application) -> Company:
    """A second one, under the v1.0 identity API."""
    return Company.create(
        microsoft,
        application,
        name="fabrikam",
        domain="fabrikam.com",
        person="Diego Siciliani",
        identity_api=Connection.IdentityAPI.V1,
    )
