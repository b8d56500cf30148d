"""The pytest fixture `entra`. Opt in with `pytest_plugins` in your conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .standin import StandIn


@pytest.fixture(scope="session")
def _azuread_standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def entra(_azuread_standin: StandIn) -> StandIn:
    """A running stand-in for Microsoft's login service, empty at the start of every test."""
    _azuread_standin.start()
    _azuread_standin.reset()
    return _azuread_standin
