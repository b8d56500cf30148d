from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.testing import StandIn

pytest.register_assert_rewrite("tests.faults.callback")

from tests.faults.callback import HASTY  # noqa: E402 - after the line above, to have an effect


@pytest.fixture
def microsoft(microsoft: StandIn, settings: Any) -> StandIn:
    """The stand-in, and a site that has little patience with it."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | HASTY
    return microsoft
