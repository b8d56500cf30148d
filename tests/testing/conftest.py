from __future__ import annotations

import pytest

from azuread_connections.testing import StandIn
from tests.testing.contoso import Contoso, contoso_of


@pytest.fixture
def contoso(entra: StandIn) -> Contoso:
    return contoso_of(entra)
