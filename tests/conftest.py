from __future__ import annotations

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
