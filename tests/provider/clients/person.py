"""A person with a browser that runs no scripts: follows redirects, and picks their own name."""

from __future__ import annotations

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
            response = self.session.get(url, allow_redirects=False)
            assert response.status_code == 302, f"{url}: {response.text}"
            url = urljoin(url, response.headers["Location"])
        raise AssertionError("The redirects do not end.")
