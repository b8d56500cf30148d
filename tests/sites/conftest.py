from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _the_browsers_own_addresses_are_not_logged() -> Iterator[None]:
    """These tests act as the browser, and urllib3 logs each address that is opened."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(level)
