"""Web messages and posted forms in Chromium, between two origins of one site ("localhost"), under
the policy of tests/settings.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils.http import urlencode
from playwright.sync_api import Browser, Page

from azuread_connections.models import Application
from tests.browser.conftest import close
from tests.company import Company
from tests.provider.browser.conftest import Website
from tests.provider.relying_party import RelyingParty

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def spa(company: Company, website: Website) -> RelyingParty:
    return RelyingParty.create(
        company,
        application_type=Application.Type.SPA,
        callback=f"{website.origin}/callback",
        web_origins=[website.origin],
    )


def address(live_server: Any, party: RelyingParty, **changes: str) -> str:
    return f"{live_server.url}/id/authorize?{urlencode(party.request(**changes))}"


def test_a_hidden_frame_gets_a_code_without_a_page(
    page: Page, live_server: Any, spa: RelyingParty, website: Website, sign_in: Callable[..., None]
) -> None:
    sign_in(page)
    page.goto(website.origin)
    url = address(live_server, spa, response_mode="web_message", prompt="none")
    answer = page.evaluate("url => ask_in_frame(url)", url)
    assert set(answer) == {"code", "state", "iss"}
    assert spa.exchange(answer["code"]).status_code == 200


def test_a_hidden_frame_is_told_that_nobody_is_signed_in(
    page: Page, live_server: Any, spa: RelyingParty, website: Website
) -> None:
    page.goto(website.origin)
    url = address(live_server, spa, response_mode="web_message", prompt="none")
    answer = page.evaluate("url => ask_in_frame(url)", url)
    assert (answer["error"], answer["state"]) == ("login_required", "the-state")


def test_the_page_of_another_origin_gets_no_message(
    chromium: Browser,
    live_server: Any,
    spa: RelyingParty,
    other_website: Website,
    sign_in: Callable[..., None],
) -> None:
    """Not in a frame, which the browser refuses to show, and not as an opener."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    sign_in(page)
    page.goto(other_website.origin)
    page.evaluate(
        "() => { window.got = []; addEventListener('message', (e) => window.got.push(e.data)); }"
    )
    url = address(live_server, spa, response_mode="web_message", prompt="none")
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.evaluate("url => { ask_in_frame(url); }", url)
    with page.expect_popup() as opened:
        page.evaluate("url => { ask_in_popup(url); }", url)
    opened.value.get_by_role("heading", name="One moment").wait_for()
    opened.value.wait_for_load_state()
    assert (
        page.evaluate("() => new Promise((done) => setTimeout(() => done(window.got), 200))") == []
    )
    close(context)


def test_a_popup_signs_in_and_hands_the_code_to_its_opener(
    page: Page, live_server: Any, spa: RelyingParty, website: Website
) -> None:
    page.goto(website.origin)
    url = address(live_server, spa, response_mode="web_message")
    with page.expect_popup() as opened:
        page.evaluate("url => { ask_in_popup(url); }", url)
    popup = opened.value
    popup.get_by_role("link", name="Continue with").click()
    popup.get_by_role("button", name="Adele Vance").click()
    answer = page.evaluate("() => window.answer")
    assert spa.exchange(answer["code"]).status_code == 200
    popup.close()


def test_a_form_is_posted_at_once(
    page: Page, live_server: Any, company: Company, website: Website, sign_in: Callable[..., None]
) -> None:
    portal = RelyingParty.create(company, callback=f"{website.origin}/callback")
    sign_in(page)
    page.goto(website.origin)
    page.goto(address(live_server, portal, response_mode="form_post"))
    page.wait_for_url(portal.callback)
    (answer,) = website.posts
    assert set(answer) == {"code", "state", "iss"}
    assert portal.exchange(answer["code"]).status_code == 200
    # The page in between is not in the history, so going back posts nothing.
    page.go_back()
    assert page.url == f"{website.origin}/"
    assert len(website.posts) == 1


def test_the_form_has_a_button_where_scripts_are_off(
    chromium: Browser, live_server: Any, company: Company, website: Website, adele_cookies: Any
) -> None:
    portal = RelyingParty.create(company, callback=f"{website.origin}/callback")
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(adele_cookies)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(address(live_server, portal, response_mode="form_post"))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(portal.callback)
    assert "code" in website.posts[0]
    close(context)


@pytest.fixture
def adele_cookies(page: Page, sign_in: Callable[..., None]) -> Any:
    sign_in(page)
    return page.context.cookies()
