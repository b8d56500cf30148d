"""A person with a browser that runs no scripts: follows redirects, and picks their own name."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import requests

from tests.company import Company


class Person:
    """One of a company's people. ``session`` is their browser."""

    def __init__(self, company: Company, session: requests.Session) -> None:
        self.company = company
        self.session = session

    def open(self, url: str, *, until: str) -> str:
        """Follow an address to the first one that begins with ``until``; return that."""
        for _ in range(10):
            if url.startswith(f"{self.company.microsoft.url}/"):
                url = self.company.microsoft.sign_in(url, self.company.person)
                continue
            if url.startswith(until):
                return url
            page = self.session.get(url, allow_redirects=False)
            if 'name="allow"' in page.text:  # the question before a native application
                page = self._press("allow", page)
            url = urljoin(url, page.headers.get("Location") or self._button(page.text))
        raise AssertionError("The redirects do not end.")

    def answer(self, url: str, button: str) -> requests.Response:
        """Follow an address to a page with a form, and press one of its buttons."""
        for _ in range(10):
            if url.startswith(f"{self.company.microsoft.url}/"):
                url = self.company.microsoft.sign_in(url, self.company.person)
            page = self.session.get(url, allow_redirects=False)
            if page.ok and f'name="{button}"' in page.text:
                return self._press(button, page)
            url = urljoin(url, page.headers.get("Location") or self._button(page.text))
        raise AssertionError("The redirects do not end.")

    def _press(self, button: str, page: requests.Response) -> requests.Response:
        """Post a page's form to its own address, or to the one that it names."""
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', page.text)
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        url = urljoin(page.url, action[1]) if action else page.url.partition("?")[0]
        form = {**dict(hidden), button: "1"}
        return self.session.post(url, form, headers={"Referer": page.url}, allow_redirects=False)

    def _button(self, page: str) -> str:
        """Return where a page leads on by itself, or the company's button on the sign-in page."""
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page) or re.search(
            rf'href="(/login/{self.company.connection.name}/[^"]*)"', page
        )
        assert found, page
        return unescape(found[1])
