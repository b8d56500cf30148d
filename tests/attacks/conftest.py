from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Directory
from tests.company import Company
from tests.factories import UserFactory
from tests.rest_framework.conftest import api, call, site_with_an_api

__all__ = ["api", "call", "site_with_an_api"]


@pytest.fixture
def everybody(microsoft: StandIn, application: Application) -> Company:
    """A connection on the common endpoint that accepts new directories."""
    company = Company.create(
        microsoft, application, name="everybody", use_common_endpoint=True, new_directories="accept"
    )
    company.app.multi_tenant = True
    company.app.personal_accounts = True
    return company


@pytest.fixture
def northwind(microsoft: StandIn, everybody: Company) -> Directory:
    """A directory of strangers, in which that connection's app is at home too."""
    directory = microsoft.add_directory("northwindtraders.com")
    everybody.app.grant(directory)
    return directory


@pytest.fixture
def victim(client: Client) -> Client:
    """The browser of somebody who is signed in."""
    client.force_login(
        UserFactory.create(username="victim"), "django.contrib.auth.backends.ModelBackend"
    )
    return client
