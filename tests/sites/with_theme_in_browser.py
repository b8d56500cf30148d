"""Run by ``test_sites`` with a theme of the admin: axe-core finds nothing serious on our pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page

from azuread_connections.testing import StandIn
from tests.browser.conftest import boss, chromium, close, page, screenshots
from tests.company import Company
from tests.sites.admin_pages import furnish, pages

__all__ = ["boss", "chromium", "page", "screenshots"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THEME = settings.INSTALLED_APPS[0]
#: The pages that differ most from each other.
LOOKED_AT = (
    *("connections", "connection", "connection-add", "certificate", "try", "application-add"),
    *("events", "setup-approve"),
)
#: What the themes themselves bring: their navigation, Django's search fields, lists of tools that
#: are no lists, and in jazzmin the colour of links on its light background (Bootstrap's, 4.2:1).
EXCLUDED = [
    *([selector] for selector in ("nav", ".app-sidebar", ".app-content-header", "#nav-sidebar")),
    *([selector] for selector in ("#changelist-search", ".azuread-tool", ".select2")),
    *([selector] for selector in ([".app-main a"] if THEME == "jazzmin" else [])),
]
#: Of rules whose subject is the theme's frame: landmarks, and the outline of headings.
FRAME = {"region", "landmark-one-main", "landmark-unique", "page-has-heading-one", "skip-link"}


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    return furnish(microsoft)


@pytest.fixture(params=["light", "dark"])
def reader(boss: Page, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",
        color_scheme=request.param,
    )
    context.add_cookies(boss.context.cookies())  # type: ignore[arg-type]
    yield context.new_page()
    close(context)


def test_axe_finds_nothing_serious(
    company: Company, reader: Page, live_server: Any, screenshots: Any
) -> None:
    errors: list[str] = []
    reader.on("pageerror", lambda error: errors.append(str(error)))
    paths = pages(company)
    for name in LOOKED_AT:
        reader.goto(f"{live_server.url}/admin/{paths[name]}")
        reader.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        found = Axe().run(reader, context={"exclude": EXCLUDED})
        serious = [
            (violation["id"], [node["target"] for node in violation["nodes"]])
            for violation in found.response["violations"]
            if violation["impact"] in {"serious", "critical"} and violation["id"] not in FRAME
        ]
        assert not serious, name
    assert not errors
