"""A small browser that signs a person in on the stand-in's pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlencode, urljoin

import requests

TIMEOUT = 10
#: Pages that can continue automatically, one after the other.
_MOST_REFRESHES = 5
_REFRESH = re.compile(r"\s*[0-9.]+\s*[;,]\s*url\s*=\s*(?P<url>.+)", re.IGNORECASE | re.DOTALL)


class Response(Protocol):
    """A response of Django's test client, or of `requests`."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...


class StandInPageError(Exception):
    """The stand-in showed a page where the test expected to be sent back to the app.

    `text` is what the page says, `code` the AADSTS number or None.
    """

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class _Page(HTMLParser):
    """The first POST form with its hidden fields, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.kind: str | None = None
        self.action = ""
        self.fields: dict[str, str] = {}
        self.code: int | None = None
        self.refresh = ""
        self._error: list[str] = []
        self._in_form = False
        self._in_error = False
        self.feed(html)

    @property
    def error(self) -> str:
        return "".join(self._error)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.fullmatch(attributes.get("content", ""))
            self.refresh = self.refresh or (found["url"].strip(" '\"") if found else "")
        elif tag == "form" and "data-standin" in attributes:
            self.kind = attributes["data-standin"]
            self.action = attributes["action"]
            self._in_form = True
        elif tag == "input" and self._in_form and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]
        elif tag == "p" and "data-aadsts" in attributes:
            self.code = int(attributes["data-aadsts"])
            self._in_error = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        elif tag == "p":
            self._in_error = False

    def handle_data(self, data: str) -> None:
        if self._in_error:
            self._error.append(data)


def next_address(response: Response) -> str:
    """Return the address that a browser opens automatically after a response of the site.

    It is that of a redirect, or of a page with `<meta http-equiv="refresh">`, such as the app's
    response to a POST that leads to Microsoft. Raises ValueError if a browser would stay on the
    page.
    """
    address = response.headers.get("Location") or _Page(response.content.decode()).refresh
    if not address:
        raise ValueError(
            "The response is neither a redirect nor a page that continues automatically."
        )
    return address


def press(
    address: str,
    button: dict[str, str],
    session: requests.Session | None,
    *,
    consent: dict[str, str] | None = None,
) -> str:
    """Open the picker and press one of its buttons; returns where the browser is sent.

    On a consent page that follows, `consent` is pressed (default: "Accept"). A form_post response
    is returned as the redirect URI with the posted fields as its query.
    """
    presses = {"picker": button, "consent": consent or {"accept": "1"}}
    with nullcontext(session) if session else _new_session() as browser:
        response = browser.get(address, allow_redirects=False, timeout=TIMEOUT)
        page = _Page(response.text)
        for _ in range(_MOST_REFRESHES):
            if not page.refresh:
                break
            address = urljoin(address, page.refresh)
            response = browser.get(address, allow_redirects=False, timeout=TIMEOUT)
            page = _Page(response.text)
        while page.kind in presses:
            target = urljoin(address, page.action)
            # Each page is shown once: a second account picker is an error.
            form = page.fields | presses.pop(page.kind)
            response = browser.post(target, data=form, allow_redirects=False, timeout=TIMEOUT)
            page = _Page(response.text)
    if response.is_redirect:
        return response.headers["Location"]
    if page.kind == "form_post":
        return f"{page.action}{'&' if '?' in page.action else '?'}{urlencode(page.fields)}"
    text = page.error or re.sub(r"<[^>]+>", " ", response.text).strip()
    raise StandInPageError(text or f"HTTP {response.status_code}", page.code)


def _new_session() -> requests.Session:
    session = requests.Session()
    # A proxy from the environment cannot reach our loopback.
    session.trust_env = False
    return session
