from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.testing import Directory, StandIn
from azuread_connections.testing.provisioning.job import ProvisioningJob

from .fake_server import FakeServer

URL = "https://app.example/scim/contoso/v2"


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def directory() -> Directory:
    return StandIn().add_directory("contoso.com")


@pytest.fixture(params=["", "?aadOptscim062020"], ids=["without the flag", "with the flag"])
def job(request: pytest.FixtureRequest, directory: Directory, server: FakeServer) -> Any:
    return ProvisioningJob(directory, URL + request.param, "right", server)
