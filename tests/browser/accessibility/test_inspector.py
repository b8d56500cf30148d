"""The inspector finds what it is there for: each check fails on a page that is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import close

from .exceptions import KNOWN
from .inspector import Inspector, Kind, open_window

pytestmark = pytest.mark.browser

ADDRESS = "http://page.example/"
HEAD = '<!doctype html><html lang="en" dir="ltr"><head><title>Page</title>{}</head>'
SOUND = """<body><main id="content"><h1>Page</h1>
  <p><label>Name <input></label> <button>Save</button></p></main></body>"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = open_window(chromium)
    yield context.new_page()
    close(context)


def rules(page: Page, body: str, *, head: str = "", kind: Kind = Kind.EMPLOYEE) -> set[str]:
    html = body if body.startswith("<!doctype") else HEAD.format(head) + body
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(ADDRESS)
    inspector = Inspector()
    inspector.look(page, "page", kind)
    return {finding.rule for finding in inspector.findings}


def test_a_sound_page_is_without_findings(page: Page) -> None:
    assert rules(page, SOUND) == set()


def test_markup_that_is_wrong_is_found(page: Page) -> None:
    body = """<body><h1>Page</h1><h1>Two</h1><h4>Part</h4>
      <p><input> <button tabindex="1" onclick="alert()">Save</button></p>
      <p><a href="#a">a</a><br><a href="#b">b</a></p>
      <p style="width: auto">{word}</p>
      <p><a href="#c" aria-current="page">Step</a></p>
      <p><span class="azuread-chart-key">5</span> <span class="azuread-state">late</span></p>
      </body>"""
    found = rules(page, body.format(word="x" * 200))
    assert found == {
        *("one-h1", "heading-order", "label", "tabindex", "inline", "target-size", "region"),
        *("landmark-one-main", "scrolls-sideways-ltr", "scrolls-sideways-rtl"),
        *("forced-colors-no-current", "forced-colors-no-swatch", "state-without-sign"),
    }


def test_styles_that_are_wrong_are_found(page: Page) -> None:
    styles = """p { color: #aaa; background: #fff }
      button { border: none }
      button:focus { outline: none }
      [dir=rtl] p { width: 500px }"""
    assert rules(page, SOUND, head=f"<style>{styles}</style>") == {
        *("color-contrast", "focus-not-visible", "forced-colors-no-edge", "scrolls-sideways-rtl"),
        "inline",
    }


def test_what_is_too_wide_for_a_phone_is_found(page: Page) -> None:
    style = "<style>p { width: 450px }</style>"
    found = rules(page, SOUND, head=style, kind=Kind.ADMIN)
    assert found == {"scrolls-sideways-ltr", "scrolls-sideways-rtl", "inline"}


@pytest.mark.parametrize(("overflow", "is_found"), [("hidden", True), ("auto", False)])
def test_what_a_box_hides_is_found_unless_it_scrolls(
    page: Page, overflow: str, is_found: bool
) -> None:
    style = f"<style>main {{ overflow-x: {overflow} }} p {{ width: 900px }}</style>"
    body = SOUND.replace("</button>", "</button> and more that is outside of the window" * 5)
    found = rules(page, body.replace("<p>", "<p tabindex=0>"), head=style)
    assert ("cut-off-ltr" in found) is is_found
    assert "scrolls-sideways-ltr" not in found


def test_the_dark_scheme_is_looked_at_by_itself(page: Page) -> None:
    style = "@media (prefers-color-scheme: dark) { p { color: #333; background: #000 } }"
    assert rules(page, SOUND, head=f"<style>{style}</style>") == {"color-contrast", "inline"}


def test_a_head_that_lacks_something_is_found(page: Page) -> None:
    found = rules(page, "<!doctype html>" + SOUND)
    assert found == {"title", "document-title", "lang", "html-has-lang", "dir"}


def test_a_control_that_the_keyboard_does_not_reach_is_found(page: Page) -> None:
    trap = (
        "<script>addEventListener('keydown', (event) => {"
        " if (document.activeElement.localName === 'input') { event.preventDefault(); } })</script>"
    )
    assert "keyboard-does-not-reach" in rules(page, SOUND, head=trap)


def test_an_exception_is_for_the_pages_of_the_admin_alone(page: Page) -> None:
    known = KNOWN[0]
    body = SOUND.replace("<p>", f"<p><input title='Search' id='{known.selector[1:]}'>", 1)
    assert known.rule in rules(page, body)
    assert known.rule not in rules(page, body, kind=Kind.ADMIN)
