"""One window for each tour, all in one browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import close

from .inspector import Inspector, open_window
from .tour import Tour

#: The exceptions that this run needed.
USED: set[str] = set()
#: The tours that this run ended.
ENDED: set[str] = set()


@pytest.fixture
def tour(
    chromium: Browser, live_server: Any, transactional_db: None, screenshots: Any
) -> Iterator[Callable[[str], Tour]]:
    """Begin a tour; at the end, fail with all that was found."""
    context = open_window(chromium)
    begun: list[Tour] = []

    def begin(name: str) -> Tour:
        pictures = screenshots if os.environ.get("SCREENSHOTS") else None
        tour = Tour(name, context.new_page(), live_server.url, Inspector(pictures))
        begun.append(tour)
        return tour

    yield begin
    close(context)
    for each in begun:
        USED.update(each.inspector.used)
        ENDED.add(each.name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask last whether each exception is needed: the tours find out."""
    items.sort(key=lambda item: item.name == "test_every_exception_is_needed")
