"""The response modes: how the answer comes to the client."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Application
from tests.company import Company, query_of
from tests.provider.relying_party import ISSUER, RelyingParty

pytestmark = pytest.mark.django_db

ORIGIN = "https://spa.example"


@pytest.fixture
def page_app(contoso: Company) -> RelyingParty:
    """A single-page application that asks by web message."""
    return RelyingParty.create(
        contoso,
        application_type=Application.Type.SPA,
        callback=f"{ORIGIN}/",
        web_origins=[ORIGIN, "https://other.example"],
    )


def attributes(response: Any) -> dict[str, str]:
    found = re.findall(r'data-azuread-(\w+)="([^"]*)"', response.content.decode())
    return {name: html.unescape(value) for name, value in found}


def fields(response: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', _text(response))
    return {name: html.unescape(value) for name, value in found}


def _text(response: Any) -> str:
    text: str = response.content.decode()
    return text


def policy(response: Any) -> list[str]:
    directives: list[str] = response["Content-Security-Policy"].split("; ")
    return directives


# --- web_message ----------------------------------------------------------------------------------


def ask(party: RelyingParty, browser: Client, **changes: str | None) -> Any:
    return party.authorize(browser, response_mode="web_message", **changes)


def test_a_web_message_is_for_the_origin_of_the_redirect_uri_alone(
    page_app: RelyingParty, adele: Client
) -> None:
    response = ask(page_app, adele, prompt="none")

    assert response.status_code == 200
    found = attributes(response)
    assert found["origin"] == ORIGIN
    answer = json.loads(found["answer"])
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("the-state", ISSUER)
    assert page_app.exchange(answer["code"]).status_code == 200


def test_only_that_origin_can_frame_it_and_no_inline_script_runs(
    page_app: RelyingParty, adele: Client
) -> None:
    response = ask(page_app, adele, prompt="none")
    assert f"frame-ancestors {ORIGIN}" in policy(response)
    assert "default-src 'none'" in policy(response)
    assert "script-src 'self'" in policy(response)
    assert "X-Frame-Options" not in response
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert not re.search(r"<script(?![^>]* src=)", _text(response))


def test_the_scripts_of_a_site_with_static_files_elsewhere_run(
    page_app: RelyingParty, adele: Client, settings: Any
) -> None:
    settings.STATIC_URL = "https://cdn.example/static/"
    assert "script-src https://cdn.example" in policy(ask(page_app, adele))


def test_an_error_is_a_web_message_too(page_app: RelyingParty) -> None:
    found = attributes(ask(page_app, Client(), prompt="none"))
    answer = json.loads(found["answer"])
    assert answer["error"] == "login_required"
    assert (answer["state"], answer["iss"]) == ("the-state", ISSUER)


def test_an_error_of_the_request_itself_is_a_web_message_too(page_app: RelyingParty) -> None:
    found = attributes(ask(page_app, Client(), code_challenge=None, prompt="none"))
    assert found["origin"] == ORIGIN
    assert json.loads(found["answer"])["error"] == "invalid_request"


def test_state_is_escaped(page_app: RelyingParty) -> None:
    state = '"><script>alert(1)</script>'
    response = ask(page_app, Client(), prompt="none", state=state)
    assert "<script>alert" not in _text(response)
    assert json.loads(attributes(response)["answer"])["state"] == state


@pytest.mark.parametrize("origins", [[], ["https://other.example"], [f"{ORIGIN}:8443"]])
def test_a_client_without_that_web_origin_gets_no_message(
    contoso: Company, adele: Client, origins: list[str]
) -> None:
    party = RelyingParty.create(
        contoso,
        application_type=Application.Type.SPA,
        callback=f"{ORIGIN}/",
        web_origins=origins,
    )
    response = ask(party, adele, prompt="none")
    assert response["Location"].startswith(f"{ORIGIN}/?")
    assert query_of(response["Location"])["error"] == "invalid_request"
    assert response["X-Frame-Options"] == "DENY"


def test_the_web_origin_of_another_client_does_not_count(
    page_app: RelyingParty, contoso: Company, adele: Client
) -> None:
    other = RelyingParty.create(
        contoso, application_type=Application.Type.SPA, callback=f"{ORIGIN}/"
    )
    assert query_of(ask(other, adele)["Location"])["error"] == "invalid_request"


def test_a_foreign_redirect_uri_gets_a_page(page_app: RelyingParty, adele: Client) -> None:
    response = ask(page_app, adele, redirect_uri="https://other.example/")
    assert response.status_code == 400
    assert response["X-Frame-Options"] == "DENY"


def test_a_popup_keeps_its_opener_all_the_way(contoso: Company, page_app: RelyingParty) -> None:
    """Django's default policy would take it away, on a single page or redirect."""
    browser = Client()
    response = ask(page_app, browser, connection="contoso")
    seen = [response]
    seen.append(browser.get(response["Location"]))
    seen.append(contoso.come_back(browser, seen[-1]["Location"]))
    seen.append(browser.get(seen[-1]["Location"]))
    assert [each["Cross-Origin-Opener-Policy"] for each in seen] == ["unsafe-none"] * 4
    assert "code" in json.loads(attributes(seen[-1])["answer"])
    # And no longer.
    assert browser.get("/login/")["Cross-Origin-Opener-Policy"] == "same-origin"


# --- form_post ------------------------------------------------------------------------------------


def test_a_form_posts_the_answer(portal: RelyingParty, adele: Client) -> None:
    response = portal.authorize(adele, response_mode="form_post")
    assert response.status_code == 200
    assert f'<form method="post" action="{portal.callback}"' in _text(response)
    assert '<button type="submit"' in _text(response)
    answer = fields(response)
    assert set(answer) == {"code", "state", "iss"}
    assert portal.exchange(answer["code"]).status_code == 200


def test_the_sites_policy_does_not_stop_the_form(portal: RelyingParty, adele: Client) -> None:
    response = portal.authorize(adele, response_mode="form_post")
    assert not any(each.startswith("form-action") for each in policy(response))
    assert "frame-ancestors 'none'" in policy(response)
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response["Cache-Control"]


def test_a_form_posts_errors(portal: RelyingParty) -> None:
    response = portal.authorize(Client(), response_mode="form_post", prompt="none")
    assert fields(response)["error"] == "login_required"
    response = portal.authorize(Client(), response_mode="form_post", nonce="x" * 600)
    assert fields(response)["error"] == "invalid_request"
    assert fields(response)["state"] == "the-state"


def test_a_form_goes_to_no_app_of_the_device(contoso: Company) -> None:
    party = RelyingParty.create(
        contoso, application_type=Application.Type.NATIVE, callback="com.example.app:/callback"
    )
    location = party.authorize(Client(), response_mode="form_post")["Location"]
    assert query_of(location)["error"] == "invalid_request"


def test_the_mode_is_kept_through_the_sign_in(contoso: Company, portal: RelyingParty) -> None:
    browser = Client()
    response = portal.authorize(browser, connection="contoso", response_mode="form_post")
    response = browser.get(response["Location"])
    response = contoso.come_back(browser, response["Location"])
    assert "code" in fields(browser.get(response["Location"]))
