"""The stand-in for Microsoft, in a separate process: `python -m benchmarks.microsoft`. It serves as
`https://login.microsoftonline.com`, and has a signed-in browser for every person, so that a sign-in
passes it in one request. It is controlled by JSON lines, as worker.py is.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

import requests

from azuread_connections.testing import StandIn
from azuread_connections.testing.browser.client import press
from azuread_connections.testing.directory.loading import load
from benchmarks import lines
from benchmarks.peers import (
    CLIENT_SECRET,
    DOMAIN,
    EVERYBODY,
    LOGIN_URL,
    OURS,
    PEERS,
    PEOPLE,
    TENANT_ID,
)

ENDPOINTS = ("discovery", "keys", "token", "userinfo", "me")
ADFS = next(peer for peer in PEERS if peer.name == "django_auth_adfs")


class Microsoft(StandIn):
    """A stand-in whose documents and tokens name Microsoft's own host."""

    address = ""
    forges = False

    def start(self) -> Microsoft:
        super().start()
        self.address = self._state.url
        self._state.url = LOGIN_URL
        return self

    def counts(self) -> dict[str, int]:
        """The number of requests to each endpoint that sites call, without those for browsers."""
        return {endpoint: self.count(endpoint) for endpoint in ENDPOINTS}

    def remembered_browsers(self) -> list[str]:
        """Sign everybody in once; returns the cookie of each one's browser."""
        query = {
            "client_id": OURS.client_id,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": f"http://127.0.0.1{OURS.callback}",
        }
        url = f"{self.address}/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode(query)}"
        cookies = []
        for person in self.directories[0].people:
            with requests.Session() as session:
                press(url, {"person": person.object_id}, session)
                cookies += [f"{cookie.name}={cookie.value}" for cookie in session.cookies]
        return cookies

    def forge_key_ids(self, header: dict[str, Any], claims: dict[str, Any]) -> None:
        if self.forges:
            header["kid"] = secrets.token_urlsafe(20)


def give_adfs_its_token(document: dict[str, Any]) -> None:
    """django-auth-adfs reads the access token, for its own resource: Microsoft signs such a token
    with the same claims as the ID token, while the stand-in's tokens are opaque."""
    if document.get("resource") == ADFS.client_id:
        document["access_token"] = document["id_token"]


def contoso() -> dict[str, Any]:
    people = [
        {"name": f"Adele Vance {number}", "upn": f"adele{number}@{DOMAIN}"}
        for number in range(PEOPLE)
    ]
    applications = [
        {
            "client_id": peer.client_id,
            "name": peer.title,
            "redirect_uris": [f"http://127.0.0.1{peer.callback}"],
            "secrets": [{"value": CLIENT_SECRET}],
        }
        for peer in EVERYBODY
    ]
    return {
        "directories": [
            {
                "domain": DOMAIN,
                "tenant_id": TENANT_ID,
                "people": people,
                "applications": applications,
            }
        ]
    }


def main() -> None:
    microsoft = Microsoft(single_sign_on=True)
    load(microsoft, contoso())
    microsoft.tamper_id_token(microsoft.forge_key_ids, times=None)
    microsoft.tamper_token_response(give_adfs_its_token, times=None)
    with microsoft:

        def forge(on: bool) -> None:
            microsoft.forges = on

        lines.serve(
            {"counts": microsoft.counts, "forge": forge},
            greeting={"address": microsoft.address, "browsers": microsoft.remembered_browsers()},
        )


if __name__ == "__main__":
    main()
