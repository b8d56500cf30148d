"""Contoso with one app, and the requests that a client would make for it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from azuread_connections.testing import App, Directory, Person, StandIn

REDIRECT_URI = "https://portal.contoso.com/login/callback"
VERIFIER = "a-code-verifier-of-at-least-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


@dataclass
class Contoso:
    entra: StandIn
    directory: Directory
    person: Person
    app: App

    def path(self, name: str, version: str = "v2.0") -> str:
        middle = "oauth2/v2.0" if version == "v2.0" else "oauth2"
        return f"{self.entra.url}/{self.directory.tenant_id}/{middle}/{name}"

    def authorize_url(self, version: str = "v2.0", **changes: str | None) -> str:
        params: dict[str, str | None] = {
            "client_id": self.app.client_id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE.decode(),
            "code_challenge_method": "S256",
        } | changes
        given = {name: value for name, value in params.items() if value is not None}
        return f"{self.path('authorize', version)}?{urlencode(given)}"

    def code(self, version: str = "v2.0", **changes: str | None) -> str:
        callback = self.entra.sign_in(self.authorize_url(version, **changes), self.person)
        return fields(callback)["code"]

    def token_form(self, code: str, /, **changes: str | None) -> dict[str, str]:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.app.client_id,
            "client_secret": self.app.secrets[0].value,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        } | changes
        return {name: value for name, value in form.items() if value is not None}

    def redeem(self, code: str, version: str = "v2.0", **changes: str | None) -> requests.Response:
        return post(self.path("token", version), self.token_form(code, **changes))


def contoso_of(entra: StandIn) -> Contoso:
    directory = entra.add_directory("contoso.com", domains=["contoso.net"])
    person = directory.add_person("Adele Vance")
    app = directory.add_app(redirect_uris=[REDIRECT_URI])
    return Contoso(entra, directory, person, app)


def fields(url: str) -> dict[str, str]:
    """The query of a callback URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def get(url: str, **options: Any) -> requests.Response:
    return requests.get(url, timeout=10, allow_redirects=False, **options)


def post(url: str, form: dict[str, str] | None = None, **options: Any) -> requests.Response:
    return requests.post(url, data=form, timeout=10, allow_redirects=False, **options)
