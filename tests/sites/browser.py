"""A person's browser without scripts, over real HTTP."""

from __future__ import annotations

from typing import Any

import requests

from azuread_connections.testing import next_address
from tests.company import Company

#: Seconds.
TIMEOUT = 30


class Browser(requests.Session):
    """``site``: scheme, host and prefix of the site. Follows no redirect by itself."""

    def __init__(self, site: str, ca: str = "") -> None:
        super().__init__()
        self.site = site
        self.trust_env = False
        self.verify = ca or True

    def open(self, path: str, **parameters: str) -> requests.Response:
        return self.get(
            f"{self.site}{path}", params=parameters, allow_redirects=False, timeout=TIMEOUT
        )

    def submit(self, path: str, **fields: Any) -> requests.Response:
        """Post a form with the token of the last cookie, as a page of this site does."""
        token = next((cookie.value for cookie in self.cookies if "csrf" in cookie.name), "")
        scheme, host = self.site.split("/")[0], self.site.split("/")[2]
        return self.post(
            f"{self.site}{path}",
            data={"csrfmiddlewaretoken": token} | fields,
            headers={"Origin": f"{scheme}//{host}"},
            allow_redirects=False,
            timeout=TIMEOUT,
        )

    def arrive(self, company: Company, begun: requests.Response) -> requests.Response:
        """Choose the company's person at Microsoft; return the site's answer to the callback."""
        callback = company.microsoft.sign_in(next_address(begun), company.person)
        return self.get(callback, allow_redirects=False, timeout=TIMEOUT)
