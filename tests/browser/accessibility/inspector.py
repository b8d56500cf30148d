"""Looks at a page that a browser shows: axe-core, the keyboard, widths, forced colours, markup."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, Response

from .exceptions import KNOWN

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
STRUCTURE = Path(__file__).with_name("structure.js").read_text(encoding="utf-8")
#: A change of the colour scheme shows at once. By a constructed style sheet: it is no markup.
_STILL = """
addEventListener("DOMContentLoaded", () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
});
"""

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {
    "runOnly": {"type": "tag", "values": _TAGS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # Else it fetches every style sheet again, for the one rule about the orientation of a screen.
    "preload": False,
}
#: All that another colour scheme changes.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}

#: Markup that a strict Content-Security-Policy does not let work.
_INLINE = re.compile(
    r"<[^<>]*\s(?:style|on[a-z]+)\s*=|<style\b|<script\b(?![^>]*\ssrc=)|[\"']javascript:",
    re.IGNORECASE,
)
#: Tab goes through the parts of a date, too.
_SPARE_TABS = 40
_TABS_AT_ONCE = 8


class Kind(enum.Enum):
    """Whose page it is: the part that is ours, and the widths that it has to fit into.

    320 CSS pixels are 1280 at 400 % (WCAG 1.4.10), 640 are 1280 at 200 % (WCAG 1.4.4). A phone has
    390, which is narrower than Django promises of the admin.
    """

    EMPLOYEE = ("employee", "body", (320,))
    SETUP = ("set-up", "body", (320,))
    ADMIN = ("admin", "#content", (640, 390))
    STANDIN = ("stand-in", "body", (320,))

    def __init__(self, label: str, scope: str, widths: tuple[int, ...]) -> None:
        self.scope = scope
        self.widths = widths


@dataclass(frozen=True)
class Finding:
    page: str
    mode: str
    rule: str
    target: str
    detail: str

    def __str__(self) -> str:
        return f"{self.page} ({self.mode}): {self.rule}: {self.target} {self.detail}".rstrip()


@dataclass
class Inspector:
    """Collects what it finds. ``used``: the exceptions that were needed.

    ``screenshots``: saves pictures, see tests/browser/conftest.py.
    """

    screenshots: Callable[[Page, str], None] | None = None
    findings: list[Finding] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def look(self, page: Page, name: str, kind: Kind) -> None:
        """Look at the page as it is now, and leave it as it was."""
        self._markup(page, name, kind)
        page.evaluate(AXE)
        page.evaluate(STRUCTURE)
        self._add(name, "light", page.evaluate("looks.head()"))
        self._axe(page, name, "light", EVERYTHING, kind)
        self._keyboard(page, name, kind)
        self._narrow(page, name, kind)
        self._forced(page, name, kind)
        if self.screenshots is not None:
            self.screenshots(page, name)

    def _add(self, name: str, mode: str, found: list[dict[str, str]]) -> None:
        self.findings += [Finding(name, mode, **each) for each in found]

    def _axe(self, page: Page, name: str, mode: str, options: Any, kind: Kind) -> None:
        known = [[each.rule, each.selector] for each in KNOWN] if kind is Kind.ADMIN else []
        answer = page.evaluate(
            "([options, known]) => looks.examine(options, known)", [options, known]
        )
        self._add(name, mode, answer["found"])
        self.used |= set(answer["used"])

    def _markup(self, page: Page, name: str, kind: Kind) -> None:
        # The stand-in serves no files: its policy allows its own style and script by their hashes.
        if kind is Kind.STANDIN:
            return
        source = source_of(page)
        for match in _INLINE.finditer(source):
            context = source[match.start() : match.start() + 80]
            self.findings.append(Finding(name, "markup", "inline", context, ""))

    def _keyboard(self, page: Page, name: str, kind: Kind) -> None:
        presses = page.evaluate("scope => looks.begin(scope)", kind.scope) + _SPARE_TABS
        while presses > 0 and page.evaluate("looks.missing()"):
            for _ in range(_TABS_AT_ONCE):
                page.keyboard.press("Tab")
            presses -= _TABS_AT_ONCE
        self._add(name, "keyboard", page.evaluate("looks.end()"))

    def _narrow(self, page: Page, name: str, kind: Kind) -> None:
        size = page.viewport_size
        for direction in ("ltr", "rtl"):
            if direction == "rtl":
                page.evaluate("looks.turn('/static/admin/css/rtl.css')")
            for width in kind.widths:
                page.set_viewport_size({"width": width, "height": 800})
                self._add(
                    name, f"{width} px", page.evaluate("name => looks.width(name)", direction)
                )
        page.evaluate("looks.turnBack()")
        page.emulate_media(color_scheme="dark")
        self._axe(page, name, "dark", COLOURS, kind)
        page.emulate_media(color_scheme="light")
        if size:
            page.set_viewport_size(size)

    def _forced(self, page: Page, name: str, kind: Kind) -> None:
        page.emulate_media(forced_colors="active")
        self._add(name, "forced colours", page.evaluate("scope => looks.forced(scope)", kind.scope))
        page.emulate_media(forced_colors="none")


_DOCUMENTS: dict[Page, Response] = {}


def source_of(page: Page) -> str:
    """The markup that the server sent for the page, before any script."""
    response = _DOCUMENTS[page]
    return response.text()


def open_window(chromium: Browser, **options: Any) -> BrowserContext:
    """A window for an inspector: without the site's policy, under which axe-core cannot work."""
    context = chromium.new_context(
        bypass_csp=True, viewport={"width": 1280, "height": 800}, **options
    )
    context.add_init_script(_STILL)
    context.set_default_timeout(15_000)
    context.on("page", _remember_documents)
    return context


def _remember_documents(page: Page) -> None:
    def remember(response: Response) -> None:
        request = response.request
        if (
            request.is_navigation_request()
            and request.frame == page.main_frame
            and not 300 <= response.status < 400
            and response.status != 204
        ):
            _DOCUMENTS[page] = response

    page.on("response", remember)
    page.on("close", lambda _: _DOCUMENTS.pop(page, None))
