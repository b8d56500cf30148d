"""Signing out by way of a client."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from azuread_connections.provider import key_rotation, keys
from azuread_connections.provider.models import SigningKey
from tests.company import Company, error_code, query_of
from tests.provider.relying_party import SIGNED_OUT, RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db

#: The page of the portal from which its button leads here.
FROM_PORTAL = {"Referer": "https://client.example/"}


def is_signed_in(browser: Client) -> bool:
    return SESSION_KEY in browser.session


def assert_asks_first(response: Any, browser: Client) -> None:
    assert response.status_code == 200
    assert "Sign out?" in response.content.decode()
    assert response["X-Frame-Options"] == "DENY"
    assert is_signed_in(browser)


def assert_page(response: Any, browser: Client) -> None:
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"
    assert is_signed_in(browser)


def test_a_client_signs_its_person_out_and_ends_the_tokens(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    response = adele.get(
        "/id/oidc/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": SIGNED_OUT,
            "state": "a b",
        },
    )
    assert response["Location"] == f"{SIGNED_OUT}?state=a+b"
    assert not is_signed_in(adele)
    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_auth0s_address_does_the_same(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele)
    form = {"client_id": portal.client_id, "returnTo": SIGNED_OUT}
    response = adele.get("/id/v2/logout", form, headers=FROM_PORTAL)
    assert response["Location"] == SIGNED_OUT
    assert not is_signed_in(adele)
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_auth0s_federated_signs_out_at_microsoft_too(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    portal.tokens(adele)
    form = {"client_id": portal.client_id, "returnTo": SIGNED_OUT, "federated": ""}
    response = adele.get("/id/v2/logout", form, headers=FROM_PORTAL)
    assert response["Location"].startswith(contoso.microsoft.url)
    assert "/logout?" in response["Location"]
    assert not is_signed_in(adele)
    callback = query_of(response["Location"])["post_logout_redirect_uri"]
    state = query_of(response["Location"])["state"]
    assert adele.get(callback, {"state": state})["Location"] == SIGNED_OUT


def test_it_ends_the_tokens_of_every_client_of_that_session(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    theirs = other.tokens(adele)
    own = portal.tokens(adele)
    adele.get("/id/oidc/logout", {"id_token_hint": own["id_token"]})
    assert other.refresh(theirs["refresh_token"]).json()["error"] == "invalid_grant"


def test_another_browser_of_the_person_stays_signed_in(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    phone = Client()
    contoso.sign_in(phone, application=portal.application.slug)
    there = portal.tokens(phone)
    adele.get("/id/oidc/logout", {"id_token_hint": portal.tokens(adele)["id_token"]})
    assert is_signed_in(phone)
    assert portal.refresh(there["refresh_token"]).status_code == 200


@pytest.mark.parametrize("path", ["/id/oidc/logout", "/id/v2/logout"])
def test_a_link_of_a_stranger_signs_nobody_out(
    contoso: Company, portal: RelyingParty, adele: Client, path: str
) -> None:
    """This session has never been used for the client that the link names, or it names none."""
    get = partial(adele.get, path, headers=FROM_PORTAL)
    assert_asks_first(get(), adele)
    assert_asks_first(get({"client_id": portal.client_id}), adele)
    other = RelyingParty.create(contoso)
    portal.tokens(adele)
    assert_asks_first(get({"client_id": other.client_id}), adele)


@pytest.mark.parametrize("path", ["/id/oidc/logout", "/id/v2/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Referer": "https://evil.example/?https://client.example/"},
        {"Referer": "https://client.example.evil.example/"},
        {"Referer": "https://client.example@evil.example/"},
        {"Referer": "http://client.example/"},
        {"Referer": "https://client.example:8443/"},
        {"Referer": "x"},
        {**FROM_PORTAL, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {**FROM_PORTAL, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
    ],
)
def test_a_link_with_a_client_id_asks_unless_the_client_leads_here(
    portal: RelyingParty, adele: Client, path: str, headers: dict[str, str]
) -> None:
    """The client ID is public: any page can name it."""
    portal.tokens(adele)
    form = {"client_id": portal.client_id}
    assert_asks_first(adele.get(path, form, headers=headers), adele)


def test_a_page_on_a_web_origin_of_the_client_leads_here(
    contoso: Company, spa: RelyingParty
) -> None:
    browser = Client()
    spa.sign_in(contoso, browser)
    headers = {
        "Referer": "https://spa.example/",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    form = {"client_id": spa.client_id, "returnTo": SIGNED_OUT}
    assert browser.get("/id/v2/logout", form, headers=headers)["Location"] == SIGNED_OUT
    assert not is_signed_in(browser)


def test_a_hint_about_another_session_asks(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    """An attacker has an ID token, too: their own, for the same client."""
    portal.tokens(adele)
    attacker = Client()
    person = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(attacker, person, application=portal.application.slug)
    hint = portal.tokens(attacker)["id_token"]
    form = {"id_token_hint": hint}
    assert_asks_first(adele.get("/id/oidc/logout", form, headers=FROM_PORTAL), adele)
    # The person's own, from another browser.
    phone = Client()
    contoso.sign_in(phone, application=portal.application.slug)
    form = {"id_token_hint": portal.tokens(phone)["id_token"]}
    assert_asks_first(adele.get("/id/oidc/logout", form, headers=FROM_PORTAL), adele)


def test_a_hint_that_has_expired_and_whose_key_has_retired_still_counts(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    claims = id_token_claims(tokens["id_token"], portal.client_id)
    hint = keys.sign({**claims, "exp": claims["iat"] - 1})
    key = SigningKey.objects.get()
    key_rotation.rotate(now=timezone.now() - timedelta(days=30))
    key_rotation.rotate()
    key.refresh_from_db()
    assert key.private_key.reveal() == ""
    response = adele.get("/id/oidc/logout", {"id_token_hint": hint})
    assert response.status_code == 302
    assert not is_signed_in(adele)


def test_a_hint_counts_after_the_client_has_revoked_its_tokens(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    form = {**portal.credentials(), "token": tokens["refresh_token"]}
    Client().post("/id/oauth/revoke", form)
    adele.get("/id/oidc/logout", {"id_token_hint": tokens["id_token"]})
    assert not is_signed_in(adele)


def test_who_agrees_is_signed_out(portal: RelyingParty, adele: Client) -> None:
    form = {"client_id": portal.client_id, "post_logout_redirect_uri": SIGNED_OUT}
    page = adele.get("/id/oidc/logout", form)
    assert f'value="{SIGNED_OUT}"' in page.content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = adele.cookies
    forged = {**form, "csrfmiddlewaretoken": "x" * 32}
    assert strict.post("/id/oidc/logout", forged).status_code == 403
    assert is_signed_in(adele)
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    response = strict.post("/id/oidc/logout", {**form, "csrfmiddlewaretoken": token})
    assert SIGNED_OUT in response.content.decode()  # the page that leads on after a form
    assert not is_signed_in(adele)


@pytest.mark.parametrize("path", ["/id/oidc/logout", "/id/v2/logout"])
def test_a_form_of_a_client_is_answered_as_by_get(
    portal: RelyingParty, adele: Client, path: str
) -> None:
    """It comes without a cookie, so that nothing can be decided before the redirect."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = adele.cookies
    response = strict.post(path, {"client_id": portal.client_id, "state": "a b"})
    assert response.status_code == 303
    assert query_of(response["Location"]) == {"client_id": portal.client_id, "state": "a b"}
    assert_asks_first(strict.get(response["Location"]), adele)
    assert_page(strict.post(path, {"state": "x" * 7_000}), adele)


def test_who_is_not_signed_in_is_led_on(portal: RelyingParty) -> None:
    form = {"client_id": portal.client_id, "returnTo": SIGNED_OUT}
    assert Client().get("/id/v2/logout", form)["Location"] == SIGNED_OUT


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        SIGNED_OUT + "/",
        SIGNED_OUT + "?x",
        "https://client.example@evil.example/bye",
        "//evil.example",
        "/admin/",
        "javascript:alert(1)",
    ],
)
def test_signing_out_leads_to_no_other_address(
    portal: RelyingParty, adele: Client, url: str
) -> None:
    hint = portal.tokens(adele)["id_token"]
    oidc = {"id_token_hint": hint, "post_logout_redirect_uri": url}
    assert_page(adele.get("/id/oidc/logout", oidc), adele)
    assert_page(adele.post("/id/oidc/logout", {**oidc, "csrfmiddlewaretoken": "x"}), adele)
    auth0 = {"client_id": portal.client_id, "returnTo": url}
    assert_page(adele.get("/id/v2/logout", auth0), adele)


def test_an_address_without_a_client_is_refused(portal: RelyingParty, adele: Client) -> None:
    assert_page(adele.get("/id/oidc/logout", {"post_logout_redirect_uri": SIGNED_OUT}), adele)
    assert_page(adele.get("/id/v2/logout", {"returnTo": SIGNED_OUT}), adele)


@pytest.mark.parametrize("hint", ["x", "\x00", "eyJhbGciOiJub25lIn0.e30."])
def test_a_forged_hint_is_refused(portal: RelyingParty, adele: Client, hint: str) -> None:
    assert_page(adele.get("/id/oidc/logout", {"id_token_hint": hint}), adele)


def test_a_hint_of_another_client_is_refused(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    hint = other.tokens(adele)["id_token"]
    form = {"id_token_hint": hint, "client_id": portal.client_id}
    assert_page(adele.get("/id/oidc/logout", form), adele)


def test_an_unknown_client_is_refused(adele: Client) -> None:
    for client_id in ("nobody", "\x00"):
        assert_page(adele.get("/id/v2/logout", {"client_id": client_id}), adele)


def test_a_hint_signed_by_a_withdrawn_key_is_refused(portal: RelyingParty, adele: Client) -> None:
    hint = portal.tokens(adele)["id_token"]
    key_rotation.rotate(is_compromised=True)
    assert_page(adele.get("/id/oidc/logout", {"id_token_hint": hint}), adele)


def test_after_signing_out_the_client_asks_for_a_sign_in(
    portal: RelyingParty, adele: Client
) -> None:
    adele.get("/id/oidc/logout", {"id_token_hint": portal.tokens(adele)["id_token"]})
    response = portal.authorize(adele)
    assert "application" in query_of(response["Location"])


def test_signing_out_of_the_site_ends_the_tokens(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele)
    adele.post("/login/logout")
    assert not is_signed_in(adele)
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def test_it_ends_the_tokens_of_an_earlier_sign_in_of_the_session(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    earlier = portal.tokens(adele)
    contoso.sign_in(adele)
    portal.tokens(adele)
    form = {"client_id": portal.client_id, "returnTo": SIGNED_OUT}
    adele.get("/id/v2/logout", form, headers=FROM_PORTAL)
    assert portal.refresh(earlier["refresh_token"]).json()["error"] == "invalid_grant"


def test_tokens_of_another_session_stay(contoso: Company, portal: RelyingParty) -> None:
    desk, phone = Client(), Client()
    contoso.sign_in(desk)
    contoso.sign_in(phone)
    kept = portal.tokens(phone)
    portal.tokens(desk)
    desk.post("/login/logout")
    assert portal.refresh(kept["refresh_token"]).status_code == 200
