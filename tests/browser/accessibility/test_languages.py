"""Pages in a language that is written from right to left, as Django serves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from azuread_connections.models import Application
from azuread_connections.setup import links
from azuread_connections.testing import StandIn
from tests.browser.conftest import close
from tests.company import Company

from .inspector import open_window
from .tour import Tour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Pages with each of the bases, and the width that they fit into.
PAGES = {
    "sign-in": ("/login/", 320),
    "error": ("/login/callback?state=x", 320),
    "set-up": ("{set_up}", 320),
    "admin": ("/admin/azuread_connections/connection/{connection}/change/", 640),
    "try": ("/admin/azuread_connections/connection/{connection}/try/", 640),
    "events": ("/admin/azuread_connections/event/", 640),
}


@pytest.fixture
def arabic(chromium: Browser, live_server: Any, transactional_db: None) -> Iterator[Page]:
    context = open_window(chromium, locale="ar")
    yield context.new_page()
    close(context)


def test_pages_are_written_from_right_to_left(
    arabic: Page, microsoft: StandIn, live_server: Any, screenshots: Callable[..., None]
) -> None:
    application = Application.objects.get(slug="default")
    company = Company.create(microsoft, application, display_name="Contoso")
    made = links.create_link(applications=[application], connection=company.connection)
    at = Tour("connections", arabic, live_server.url)
    at.be_boss()
    for name, (path, width) in PAGES.items():
        at.goto(path.format(connection=company.connection.pk, set_up=made.path))
        root = arabic.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir")) == ("ar", "rtl"), name
        arabic.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        arabic.set_viewport_size({"width": width, "height": 800})
        assert arabic.evaluate("document.documentElement.scrollWidth") <= width, name
        screenshots(arabic, f"rtl-{name}")
