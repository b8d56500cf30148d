"""Authlib, which nobody here wrote, as docs/provider-clients.md has it, with its checks."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from django.test import RequestFactory

from tests.company import Company
from tests.provider.devices import GRANT_TYPE
from tests.provider.relying_party import CALLBACK, SIGNED_OUT, RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issuer(live_server: Any, contoso: Company, monkeypatch: pytest.MonkeyPatch) -> str:
    """The provider over HTTP, which Authlib takes for a test alone."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    # The browser and the client are in this process, and note the addresses that they open.
    for name in ("urllib3.connectionpool", "authlib"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    contoso.app.redirect_uris.append(f"{live_server.url}/login/callback")
    return f"{live_server.url}/id/"


def web_client(issuer: str, party: RelyingParty) -> Any:
    oauth = OAuth()
    oauth.register(
        "contoso",
        client_id=party.client_id,
        client_secret=party.secret,
        server_metadata_url=f"{issuer}.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email offline_access",
            "code_challenge_method": "S256",
        },
    )
    return oauth.contoso


@pytest.fixture
def browser(contoso: Company) -> Iterator[Browser]:
    # Closed, so that the server's thread ends with its connection to the database.
    with requests.Session() as session:
        yield Browser(contoso, session)


class Browser:
    """Follows redirects, picks a person at Microsoft, and stops where the client takes over."""

    def __init__(self, company: Company, session: requests.Session) -> None:
        self.company = company
        self.session = session

    def open(self, url: str) -> str:
        for _ in range(10):
            if url.startswith((CALLBACK, SIGNED_OUT)):
                return url
            if url.startswith(self.company.microsoft.url):
                url = self.company.microsoft.sign_in(url, self.company.person)
                continue
            response = self.session.get(url, allow_redirects=False)
            assert response.status_code == 302, response.text
            url = requests.compat.urljoin(url, response.headers["Location"])
        raise AssertionError("It goes round in circles.")

    def open_page(self, url: str) -> requests.Response:
        """Follow redirects and links to sign in until there is a form to answer."""
        for _ in range(10):
            if url.startswith(self.company.microsoft.url):
                url = self.company.microsoft.sign_in(url, self.company.person)
            response = self.session.get(url, allow_redirects=False)
            links = re.findall(r'href="(/login/contoso/[^"]*)"', response.text)
            if response.status_code == 200 and not links:
                return response
            target = unescape(links[0]) if links else response.headers["Location"]
            url = requests.compat.urljoin(url, target)
        raise AssertionError("It goes round in circles.")

    def submit(self, page: requests.Response, button: str) -> requests.Response:
        """Send the form of a page by one of its buttons."""
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', page.text)
        form = {**dict(hidden), button: "1"}
        response = self.session.post(page.url.partition("?")[0], form)
        assert response.status_code == 200, response.text
        return response


def sign_in(client: Any, browser: Browser) -> dict[str, Any]:
    """What Authlib accepts, checks and hands to the client's site."""
    session: dict[str, Any] = {}
    begin = RequestFactory().get("/sign-in")
    begin.session = session
    response = client.authorize_redirect(
        begin, CALLBACK, connection=browser.company.connection.name
    )
    url = browser.open(response["Location"])
    callback = RequestFactory().get(url)
    callback.session = session
    tokens: dict[str, Any] = client.authorize_access_token(callback)
    return tokens


def test_a_web_client_signs_in_refreshes_and_signs_out(
    issuer: str, browser: Browser, portal: RelyingParty
) -> None:
    client = web_client(issuer, portal)

    tokens = sign_in(client, browser)

    assert tokens["userinfo"]["name"] == "Adele Vance"
    assert tokens["userinfo"]["iss"] == issuer
    assert client.userinfo(token=tokens)["sub"] == tokens["userinfo"]["sub"]

    with OAuth2Session(portal.client_id, portal.secret, token=tokens) as session:
        refreshed = session.refresh_token(f"{issuer}oauth/token")
        assert refreshed["refresh_token"] != tokens["refresh_token"]
        assert session.get(f"{issuer}userinfo").json()["email"] == tokens["userinfo"]["email"]

    document = client.load_server_metadata()
    query = requests.compat.urlencode(
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT}
    )
    assert browser.open(f"{document['end_session_endpoint']}?{query}") == SIGNED_OUT
    with OAuth2Session(portal.client_id, portal.secret, token=refreshed) as session:
        assert session.get(f"{issuer}userinfo").status_code == 401


def test_who_is_signed_in_for_one_client_is_let_into_the_next_at_once(
    issuer: str, browser: Browser, contoso: Company, portal: RelyingParty
) -> None:
    other = RelyingParty.create(contoso)
    first = sign_in(web_client(issuer, portal), browser)
    before = contoso.microsoft.count()
    second = sign_in(web_client(issuer, other), browser)
    assert contoso.microsoft.count() == before
    assert second["userinfo"]["sub"] == first["userinfo"]["sub"]
    assert second["userinfo"]["sid"] == first["userinfo"]["sid"]


def test_a_machine_gets_a_token_and_is_told_of_a_wrong_secret(
    issuer: str, machine: RelyingParty
) -> None:
    endpoint = f"{issuer}oauth/token"
    with OAuth2Session(machine.client_id, machine.secret) as client:
        tokens = client.fetch_token(endpoint, grant_type="client_credentials")
        assert tokens["token_type"] == "Bearer"
        answer = client.introspect_token(f"{issuer}oauth/introspect", tokens["access_token"])
        assert answer.json()["active"] is True
    with (
        OAuth2Session(machine.client_id, "wrong") as client,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        client.fetch_token(endpoint, grant_type="client_credentials")


def test_a_device_polls_until_its_person_has_agreed(
    issuer: str, browser: Browser, contoso: Company, television: RelyingParty
) -> None:
    document = requests.get(f"{issuer}.well-known/openid-configuration", timeout=30).json()
    endpoint = document["token_endpoint"]
    with OAuth2Session(television.client_id, token_endpoint_auth_method="none") as device:
        asked = device.post(
            document["device_authorization_endpoint"],
            data={"client_id": television.client_id, "scope": "openid offline_access"},
            withhold_token=True,
        ).json()
        poll = {"grant_type": GRANT_TYPE, "device_code": asked["device_code"]}
        for error in ("authorization_pending", "slow_down"):
            with pytest.raises(OAuthError) as refused:
                device.fetch_token(endpoint, **poll)
            assert refused.value.error == error

        page = browser.open_page(asked["verification_uri_complete"])
        assert asked["user_code"] in page.text
        browser.submit(page, "allow")

        tokens = device.fetch_token(endpoint, **poll)
        assert device.get(f"{issuer}userinfo").json()["sub"]
        refreshed = device.refresh_token(endpoint)
        assert refreshed["access_token"] != tokens["access_token"]
        with pytest.raises(OAuthError) as refused:
            device.fetch_token(endpoint, **poll)
        assert refused.value.error == "invalid_grant"
