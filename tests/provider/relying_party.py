"""A client at the other end of the wire: what it sends, and what it checks."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.models import OAuthClient, OAuthClientSecret
from tests.company import Company, query_of
from tests.factories import ApplicationFactory, EnabledConnectionFactory

ISSUER = "http://testserver/id/"
CALLBACK = "https://client.example/callback"
SIGNED_OUT = "https://client.example/bye"
SCOPE = "openid profile email offline_access"


def challenge_of(verifier: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


@dataclass
class RelyingParty:
    """A registered client. ``secret``: "" for a public one."""

    client: OAuthClient
    secret: str = ""
    callback: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @classmethod
    def create(
        cls,
        *companies: Company,
        application_type: str = Application.Type.REGULAR_WEB,
        callback: str = CALLBACK,
        grant_types: list[str] | None = None,
        **options: Any,
    ) -> RelyingParty:
        application = ApplicationFactory.create(
            application_type=application_type,
            allowed_callback_urls=[callback],
            allowed_logout_urls=[SIGNED_OUT],
            grant_types=grant_types
            or ["authorization_code", "refresh_token", "client_credentials"],
        )
        for company in companies:
            EnabledConnectionFactory.create(application=application, connection=company.connection)
        client = OAuthClient.objects.register(application, **options)
        secret = "" if client.is_public else OAuthClientSecret.objects.add(client)
        return cls(client, secret, callback)

    @property
    def application(self) -> Application:
        return self.client.application

    @property
    def client_id(self) -> str:
        return self.client.client_id

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request. None leaves one out."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": SCOPE,
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, browser: Client, **changes: str | None) -> Any:
        return browser.get("/id/authorize", self.request(**changes))

    def code(self, browser: Client, **changes: str | None) -> str:
        """The code for a browser that is signed in already."""
        response = self.authorize(browser, **changes)
        assert response.status_code == 302, response.content
        answer = query_of(response["Location"])
        assert "code" in answer, answer
        return answer["code"]

    def sign_in(self, company: Company, browser: Client, **changes: str | None) -> dict[str, str]:
        """Sign a person in from the client on; return what the client gets."""
        response = self.authorize(browser, connection=company.connection.name, **changes)
        assert response.status_code == 302, response.content
        assert f"/login/{company.connection.name}/" in response["Location"]
        response = browser.get(response["Location"])
        response = company.come_back(browser, response["Location"])
        assert "/id/authorize/resume?" in response["Location"]
        response = browser.get(response["Location"])
        assert response["Location"].startswith(self.callback), response["Location"]
        return query_of(response["Location"])

    def credentials(self) -> dict[str, str]:
        found = {"client_id": self.client_id}
        return found | ({"client_secret": self.secret} if self.secret else {})

    def basic(self, secret: str = "") -> str:
        pair = f"{self.client_id}:{secret or self.secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def token(self, **parameters: str | None) -> Any:
        given = {**self.credentials(), **parameters}
        form = {name: value for name, value in given.items() if value is not None}
        return Client().post("/id/oauth/token", form)

    def exchange(self, code: str, **changes: str | None) -> Any:
        parameters: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": self.verifier,
            **changes,
        }
        return self.token(**parameters)

    def tokens(self, browser: Client, **changes: str | None) -> dict[str, Any]:
        """The tokens for a browser that is signed in already."""
        response = self.exchange(self.code(browser, **changes))
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    def refresh(self, refresh_token: str, **changes: str | None) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def introspect(self, token: str) -> dict[str, Any]:
        response = Client().post("/id/oauth/introspect", {**self.credentials(), "token": token})
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found


def userinfo(access_token: str) -> Any:
    return Client().get("/id/userinfo", headers={"Authorization": f"Bearer {access_token}"})


def id_token_claims(token: str, client_id: str, **options: Any) -> dict[str, Any]:
    """Check an ID token as a client does, by the published keys; return its claims."""
    keys = jwt.PyJWKSet.from_dict(Client().get("/id/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    found: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=["RS256"], audience=client_id, issuer=ISSUER, **options
    )
    return found


def error_of(response: Any) -> str:
    """The error that a browser is sent back to the client with."""
    assert response.status_code == 302, response.content
    assert response["Location"].startswith(CALLBACK), response["Location"]
    answer = query_of(response["Location"])
    assert answer["iss"] == ISSUER
    assert answer["state"] == "the-state"
    assert "code" not in answer
    return answer["error"]
