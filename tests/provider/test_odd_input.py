"""Every parameter of every endpoint, with values that no client sends: nothing answers with 500."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.provider.devices import GRANT_TYPE, ask
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

ODD = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\n",
    "é",
    "李" * 50,
    "%00",
    "{}",
    "[]",
    "1e999",
    "x" * 1500,
]

AUTHORIZE = [
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt"),
    *("code_challenge", "code_challenge_method", "response_mode", "max_age", "login_hint"),
    *("connection", "audience", "resource", "claims", "request", "id_token_hint", "ui_locales"),
]
TOKEN = [
    *("grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri"),
    *("refresh_token", "scope", "audience", "resource", "token", "token_type_hint"),
]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_authorize(portal: RelyingParty, adele: Client, odd: str) -> None:
    for browser in (adele, Client()):
        for name in AUTHORIZE:
            response = portal.authorize(browser, **{name: odd})
            assert response.status_code in {200, 302, 400}, name


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_the_endpoints_of_clients(portal: RelyingParty, adele: Client, odd: str) -> None:
    tokens = portal.tokens(adele)
    for path in ("/id/oauth/token", "/id/oauth/revoke", "/id/oauth/introspect"):
        for grant_type in ("authorization_code", "refresh_token", "client_credentials"):
            for name in TOKEN:
                form = {
                    **portal.credentials(),
                    "grant_type": grant_type,
                    "code": "x",
                    "redirect_uri": portal.callback,
                    "refresh_token": tokens["refresh_token"] if name == "scope" else "x",
                    "token": "x",
                    name: odd,
                }
                response = Client().post(path, form)
                assert response.status_code in {200, 400, 401}, (path, grant_type, name)


@pytest.mark.parametrize("name", TOKEN)
def test_half_a_character_in_json(portal: RelyingParty, name: str) -> None:
    """No encoding of the web has it, but JSON can spell it."""
    form = {**portal.credentials(), "grant_type": "client_credentials", name: "\ud800"}
    for path in ("/id/oauth/token", "/id/oauth/revoke", "/id/oauth/introspect"):
        response = Client().post(path, json.dumps(form), "application/json")
        assert response.status_code in {400, 401}, path


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_signing_out_and_resuming(portal: RelyingParty, adele: Client, odd: str) -> None:
    names = ("client_id", "returnTo", "post_logout_redirect_uri", "id_token_hint", "state")
    for path in ("/id/oidc/logout", "/id/v2/logout", "/id/authorize/resume"):
        for name in (*names, "request"):
            for method in (adele.get, adele.post):
                form = {"client_id": portal.client_id, name: odd}
                response = method(path, form)
                assert response.status_code in {200, 302, 303, 400, 405}, (path, name)
                # The form of the page that asks, and not a client's.
                response = method(path, {**form, "csrfmiddlewaretoken": "x"})
                assert response.status_code in {200, 302, 400, 405}, (path, name)
    assert adele.post("/id/authorize/consent", {"request": odd}).status_code in {302, 400}


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_devices(television: RelyingParty, viewer: Client, odd: str) -> None:
    for name in ("client_id", "client_secret", "scope", "audience", "resource", "grant_type", "x"):
        response = ask(television, **{name: odd})
        assert response.status_code in {200, 400, 401}, name
    for name in ("device_code", "client_id", "scope", "audience"):
        form = {"grant_type": GRANT_TYPE, "device_code": "x", name: odd}
        assert television.token(**form).status_code in {400, 401}, name
    for browser in (viewer, Client()):
        for name in ("user_code", "request", "x"):
            for method in (browser.get, browser.post):
                response = method("/id/activate", {name: odd})
                assert response.status_code in {200, 302, 400, 429}, name
    for name in ("User-Agent", "X-Forwarded-For"):
        form = television.credentials()
        response = Client().post("/id/oauth/device/code", form, headers={name: odd})
        assert response.status_code in {200, 429}, name
