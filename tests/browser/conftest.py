"""A real browser: Debian's Chromium, driven over real HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from azuread_connections.models import Connection

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright's synchronous interface keeps an event loop in this thread, which Django takes for
    # asynchronous code, teardown included.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    yield from _window(chromium)


@pytest.fixture
def other_page(chromium: Browser) -> Iterator[Page]:
    """Another person's browser."""
    yield from _window(chromium)


def _window(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    refused: list[str] = []
    context.on("console", lambda message: _note_refusal(refused, message.text))
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    close(context)
    assert not refused, (
        "A page does not work under the Content-Security-Policy of tests/settings.py"
    )


@pytest.fixture
def boss(page: Page, live_server: Any, transactional_db: None) -> Page:
    """A browser in which a superuser is signed in."""
    user = get_user_model().objects.create_superuser("boss")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return page


def page_of(live_server: Any, connection: Connection, name: str = "change") -> str:
    path = reverse(f"admin:azuread_connections_connection_{name}", args=[connection.pk])
    return f"{live_server.url}{path}"


def open_all(page: Page) -> None:
    """Open all sections of a connection's page."""
    page.get_by_role("button", name="Open all").click()


def close(context: BrowserContext) -> None:
    """Close a window with its tabs.

    Chromium sometimes never confirms that a tab is closed that was loading a page, and closing has
    no time limit. So each tab leads to an empty page first, which has one.
    """
    for page in context.pages:
        page.goto("about:blank")
    context.close()


def _note_refusal(refused: list[str], message: str) -> None:
    if "Content Security Policy" in message:
        refused.append(message)


@pytest.fixture
def screenshots() -> Any:
    """Save pictures where SCREENSHOTS names a folder, for people to look at."""
    folder = os.environ.get("SCREENSHOTS", "")

    def save(page: Page, name: str) -> None:
        if not folder:
            return
        before = page.viewport_size
        for scheme in ("light", "dark"):
            for label, width in (("wide", 1100), ("phone", 390)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 760})
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{label}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    return save
