from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from tests.setup.customer import Customer


@pytest.fixture
def customer(microsoft: StandIn, application: Application, client: Client) -> Customer:
    """A new customer who has opened their link, and is at the step ``credentials``."""
    customer = Customer.create(microsoft, application, client)
    customer.go_on("register")
    return customer
