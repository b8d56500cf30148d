from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from tests.company import Company
from tests.factories import ConnectionFactory
from tests.scim.directory import Provisioning

# The provider needs further packages, and settings of its own.
collect_ignore = (
    [] if "azuread_connections.provider" in django_settings.INSTALLED_APPS else ["with_provider"]
)


@pytest.fixture
def connection(db: None) -> Connection:
    created: Connection = ConnectionFactory(name="contoso")
    return created


@pytest.fixture
def token(connection: Connection) -> str:
    return tokens.create(connection)[1]


@pytest.fixture
def ask(client: Any) -> Any:
    """Ask an endpoint of a connection, with an Authorization header."""

    def ask(authorization: str | None, name: str = "contoso", **extra: Any) -> Any:
        headers = {} if authorization is None else {"Authorization": authorization}
        path = f"/scim/{name}/v2/ServiceProviderConfig"
        return client.get(path, headers=headers, **extra)

    return ask


@pytest.fixture
def directory(contoso: Company) -> Provisioning:
    """Contoso's directory, which provisions to Contoso's connection."""
    return Provisioning.of(contoso.connection)
