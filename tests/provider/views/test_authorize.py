"""The authorization endpoint: who is let through, who has to sign in, who is told what."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Application, EnabledConnection, Identity
from azuread_connections.provider import pending
from azuread_connections.provider.models import Authorization, ClientConsent
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory
from tests.provider.relying_party import (
    CALLBACK,
    ISSUER,
    RelyingParty,
    error_of,
    id_token_claims,
    userinfo,
)

pytestmark = pytest.mark.django_db


def assert_page(response: Any, code: str = "invalid_request") -> None:
    assert response.status_code == 400
    assert error_code(response) == code
    assert "Location" not in response
    assert response["X-Frame-Options"] == "DENY"


# --- Requests that nobody is sent back with -------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "\x00"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK + "#x"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": CALLBACK.replace("https", "http")},
        {"redirect_uri": "https://client.example@evil.example/callback"},
        {"redirect_uri": "https://client.example/callback/../evil"},
        {"redirect_uri": "https://client.example/%63allback"},
        {"redirect_uri": "//client.example/callback"},
        {"redirect_uri": "/callback"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_an_untrusted_request_gets_a_page_and_leads_nowhere(
    portal: RelyingParty, adele: Client, changes: dict[str, str | None]
) -> None:
    assert_page(portal.authorize(adele, **changes))


def test_an_unknown_client_looks_like_a_foreign_address(
    portal: RelyingParty, adele: Client
) -> None:
    unknown = portal.authorize(adele, client_id="nobody")
    foreign = portal.authorize(adele, redirect_uri="https://evil.example/")
    assert unknown.content == foreign.content


def test_a_parameter_given_twice_gets_a_page(portal: RelyingParty, adele: Client) -> None:
    response = adele.get(
        "/id/authorize", {**portal.request(), "redirect_uri": [CALLBACK, "https://evil.example/"]}
    )
    assert_page(response)


def test_a_request_that_is_too_long_gets_a_page(portal: RelyingParty, adele: Client) -> None:
    assert_page(portal.authorize(adele, state="x" * 3000))


def test_an_address_of_another_client_is_foreign(contoso: Company, portal: RelyingParty) -> None:
    other = RelyingParty.create(contoso, callback="https://other.example/callback")
    assert_page(portal.authorize(Client(), redirect_uri=other.callback))


# --- Errors that the client is told ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://client.example/r"}, "request_uri_not_supported"),
        ({"nonce": "x" * 600}, "invalid_request"),
        ({"nonce": "a\x00"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"prompt": "none", "max_age": "0"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"connection": "fabrikam"}, "invalid_request"),
        ({"connection": "\x00"}, "invalid_request"),
    ],
)
def test_the_client_is_told(
    portal: RelyingParty, adele: Client, changes: dict[str, str | None], error: str
) -> None:
    assert error_of(portal.authorize(adele, **changes)) == error
    assert not Authorization.objects.exists()


def test_a_client_without_the_grant_type_is_told(contoso: Company) -> None:
    party = RelyingParty.create(contoso, grant_types=["client_credentials"])
    response = party.authorize(Client())
    assert error_of(response) == "unauthorized_client"
    assert query_of(response["Location"])["error_description"] == (
        "Grant type 'authorization_code' not allowed for the client."
    )


def test_a_public_client_cannot_leave_pkce_out(spa: RelyingParty) -> None:
    spa.client.is_pkce_required = False
    spa.client.save()
    response = spa.authorize(Client(), code_challenge=None, code_challenge_method=None)
    assert error_of(response) == "invalid_request"


def test_unknown_scopes_and_parameters_are_ignored(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele, scope="openid read:all openid", claims="{", colour="x")
    assert tokens["scope"] == "openid"
    assert "name" not in id_token_claims(tokens["id_token"], portal.client_id)


def test_without_openid_there_is_no_id_token_and_no_userinfo(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele, scope="profile")
    assert "id_token" not in tokens
    response = userinfo(tokens["access_token"])
    assert response.status_code == 403
    assert "insufficient_scope" in response["WWW-Authenticate"]


# --- Signing in -----------------------------------------------------------------------------------


def test_who_is_signed_in_goes_on_at_once(portal: RelyingParty, adele: Client) -> None:
    response = portal.authorize(adele)
    answer = query_of(response["Location"])
    assert set(answer) == {"code", "state", "iss"}
    assert answer["iss"] == ISSUER
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_others_come_to_the_applications_sign_in_page_and_go_on_from_there(
    contoso: Company, portal: RelyingParty
) -> None:
    browser = Client()
    response = portal.authorize(browser)
    assert response["Location"].startswith("/login/?")
    assert query_of(response["Location"])["application"] == portal.application.slug
    page = browser.get(response["Location"]).content.decode()
    assert "Continue with" in page
    (start,) = re.findall(r'href="(/login/contoso/[^"]*)"', page)
    response = browser.get(start.replace("&amp;", "&"))
    response = contoso.come_back(browser, response["Location"])
    response = browser.get(response["Location"])
    assert query_of(response["Location"])["state"] == "the-state"
    assert "code" in query_of(response["Location"])
    assert not [
        name for name in browser.cookies if browser.cookies[name].value and "authorize" in name
    ]


def test_an_address_leads_straight_to_its_connection(
    contoso: Company, portal: RelyingParty
) -> None:
    response = portal.authorize(Client(), login_hint="adele.vance@contoso.com")
    assert response["Location"].startswith("/login/contoso/?")
    assert query_of(response["Location"])["login_hint"] == "adele.vance@contoso.com"


def test_an_unknown_address_leads_to_the_page(portal: RelyingParty) -> None:
    response = portal.authorize(Client(), login_hint="x@nowhere.example")
    assert response["Location"].startswith("/login/?")


def test_a_password_session_proves_nothing(portal: RelyingParty) -> None:
    browser = Client()
    browser.force_login(UserFactory.create(), "django.contrib.auth.backends.ModelBackend")
    assert portal.authorize(browser)["Location"].startswith("/login/?")


def test_a_connection_that_is_not_enabled_for_the_client_proves_nothing(
    contoso: Company, fabrikam: Company
) -> None:
    party = RelyingParty.create(fabrikam)
    browser = Client()
    contoso.sign_in(browser)
    assert party.authorize(browser)["Location"].startswith("/login/?")
    assert error_of(party.authorize(browser, prompt="none")) == "login_required"


def test_a_sign_in_for_another_application_counts_where_its_connection_is_enabled(
    contoso: Company, portal: RelyingParty
) -> None:
    browser = Client()
    contoso.sign_in(browser)  # for the default application
    assert "code" in query_of(portal.authorize(browser)["Location"])


def test_a_named_connection_is_the_one_that_counts(
    contoso: Company, fabrikam: Company, portal: RelyingParty, adele: Client
) -> None:
    EnabledConnection.objects.create(application=portal.application, connection=fabrikam.connection)
    response = portal.authorize(adele, connection="fabrikam")
    assert response["Location"].startswith("/login/fabrikam/?")
    assert "code" in query_of(portal.authorize(adele, connection="contoso")["Location"])


def test_prompt_none_never_shows_a_page(portal: RelyingParty, adele: Client) -> None:
    assert error_of(portal.authorize(Client(), prompt="none")) == "login_required"
    assert "code" in query_of(portal.authorize(adele, prompt="none")["Location"])


def test_select_account_goes_through_microsoft_each_time(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    response = portal.authorize(adele, prompt="select_account", connection="contoso")
    assert query_of(response["Location"])["prompt"] == "select_account"
    # Who skips the sign-in is sent to it again.
    resume = query_of(response["Location"])["next"]
    skipped = adele.get(resume)
    assert skipped["Location"].startswith("/login/?")
    assert query_of(skipped["Location"])["prompt"] == "select_account"
    answer = portal.sign_in(contoso, adele, prompt="select_account")
    assert "code" in answer


# --- Authenticating again -------------------------------------------------------------------------


def authenticate_again(company: Company, party: RelyingParty, browser: Client, **asked: str) -> Any:
    """Go from the client to Microsoft, which is told to ask, and back; return the answer."""
    response = party.authorize(browser, **asked)
    assert response["Location"].startswith(company.microsoft.url)
    assert query_of(response["Location"])["prompt"] == "login"
    response = company.come_back(browser, response["Location"])
    return browser.get(response["Location"])


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_new_authentication_is_believed_when_microsoft_confirms_it(
    contoso: Company, portal: RelyingParty, adele: Client, asked: dict[str, str]
) -> None:
    contoso.person.claims["auth_time"] = now = int(time.time())
    answer = query_of(authenticate_again(contoso, portal, adele, **asked)["Location"])
    tokens = portal.exchange(answer["code"]).json()
    assert id_token_claims(tokens["id_token"], portal.client_id)["auth_time"] == now


@pytest.mark.parametrize("ago", [None, 600])
@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "60"}])
def test_it_is_not_believed_otherwise_and_asked_for_once(
    contoso: Company, portal: RelyingParty, adele: Client, asked: dict[str, str], ago: int | None
) -> None:
    """Microsoft has let the person in without asking, or does not say when it asked."""
    contoso.person.claims["auth_time"] = int(time.time()) - ago if ago else None
    response = authenticate_again(contoso, portal, adele, **asked)
    assert error_of(response) == "login_required"


def test_an_authentication_that_is_young_enough_counts(
    contoso: Company, portal: RelyingParty
) -> None:
    contoso.person.claims["auth_time"] = int(time.time()) - 600
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    assert "code" in query_of(portal.authorize(browser, max_age="3600")["Location"])
    assert "code" in query_of(portal.authorize(browser, max_age="3600", prompt="none")["Location"])
    assert error_of(portal.authorize(browser, max_age="60", prompt="none")) == "login_required"


def test_who_skips_the_authentication_gets_no_code(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    response = portal.authorize(adele, prompt="login")
    (name,) = [key for key in adele.cookies if "authorize" in key and adele.cookies[key].value]
    resume = f"/id/authorize/resume?request={name.removeprefix('azuread_authorize_')}"
    assert response["Location"].startswith(contoso.microsoft.url)
    assert error_of(adele.get(resume)) == "login_required"


def test_who_is_not_signed_in_signs_in_first(contoso: Company, portal: RelyingParty) -> None:
    contoso.person.claims["auth_time"] = int(time.time())
    assert "code" in portal.sign_in(contoso, Client(), prompt="login")


# --- Hints ----------------------------------------------------------------------------------------


def test_an_id_token_hint_of_somebody_else_is_refused(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    own = portal.tokens(adele)["id_token"]
    assert "code" in query_of(portal.authorize(adele, id_token_hint=own)["Location"])
    other = Client()
    person = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(other, person, application=portal.application.slug)
    assert error_of(portal.authorize(other, id_token_hint=own)) == "login_required"
    assert error_of(portal.authorize(adele, id_token_hint="forged")) == "login_required"


def test_a_request_by_post_is_answered_as_by_get(portal: RelyingParty, adele: Client) -> None:
    response = Client(enforce_csrf_checks=True).post("/id/authorize", portal.request())
    assert response.status_code == 303
    assert "code" in query_of(adele.get(response["Location"])["Location"])


def test_head_gets_no_code(portal: RelyingParty, adele: Client) -> None:
    assert adele.head("/id/authorize", portal.request()).status_code == 405
    assert not Authorization.objects.exists()


# --- Waiting for a sign-in ------------------------------------------------------------------------


def test_another_browser_cannot_resume(portal: RelyingParty, adele: Client) -> None:
    resume = query_of(portal.authorize(Client())["Location"])["next"]
    assert_page(adele.get(resume), "request_expired")


def test_a_request_does_not_wait_forever(
    portal: RelyingParty, adele: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    adele.get("/password/logout/")
    browser = Client()
    resume = query_of(portal.authorize(browser)["Location"])["next"]
    monkeypatch.setattr(pending, "LIFETIME", -1)
    assert_page(browser.get(resume), "request_expired")


@pytest.mark.parametrize("name", ["", "x", "\x00", "0" * 19, "../../x"])
def test_a_name_that_is_none_gets_a_page(portal: RelyingParty, name: str) -> None:
    assert_page(Client().get("/id/authorize/resume", {"request": name}), "request_expired")


def test_a_browser_keeps_two_requests_at_most(portal: RelyingParty) -> None:
    browser = Client()
    for _ in range(4):
        portal.authorize(browser)
    waiting = [name for name in browser.cookies if browser.cookies[name].value]
    assert len(waiting) == 2
    assert all(len(browser.cookies[name].value) < 1_500 for name in waiting)


# --- Consent --------------------------------------------------------------------------------------


@pytest.fixture
def foreign(contoso: Company) -> RelyingParty:
    """A client of somebody else."""
    return RelyingParty.create(contoso, is_first_party=False)


def consent_form(response: Any) -> dict[str, str]:
    page = response.content.decode()
    (sealed,) = re.findall(r'name="request" value="([^"]*)"', page)
    return {"request": sealed}


@pytest.fixture
def adele_there(contoso: Company, foreign: RelyingParty) -> Client:
    browser = Client()
    contoso.sign_in(browser, application=foreign.application.slug)
    return browser


def test_a_client_of_somebody_else_asks_once(foreign: RelyingParty, adele_there: Client) -> None:
    page = foreign.authorize(adele_there)
    assert page.status_code == 200
    assert foreign.application.name in page.content.decode()
    assert page["X-Frame-Options"] == "DENY"
    response = adele_there.post("/id/authorize/consent", {**consent_form(page), "allow": "1"})
    # After a POST, a page leads on: the site's policy has form-action 'self'.
    assert "code=" in response.content.decode()
    assert "code" in query_of(foreign.authorize(adele_there)["Location"])


def test_all_this_while_away_is_said_last(foreign: RelyingParty, adele_there: Client) -> None:
    page = foreign.authorize(adele_there, scope="openid offline_access groups").content.decode()
    assert page.index("the groups that you are in") < page.index("while you are away")


def test_it_asks_again_for_more(foreign: RelyingParty, adele_there: Client) -> None:
    page = foreign.authorize(adele_there, scope="openid")
    adele_there.post("/id/authorize/consent", {**consent_form(page), "allow": "1"})
    assert foreign.authorize(adele_there, scope="openid").status_code == 302
    assert foreign.authorize(adele_there, scope="openid email").status_code == 200


def test_who_does_not_agree_gives_no_code(foreign: RelyingParty, adele_there: Client) -> None:
    page = foreign.authorize(adele_there)
    response = adele_there.post("/id/authorize/consent", {**consent_form(page), "deny": "1"})
    assert "error=access_denied" in response.content.decode()
    assert not ClientConsent.objects.exists()


def test_prompt_none_does_not_ask(foreign: RelyingParty, adele_there: Client) -> None:
    assert error_of(foreign.authorize(adele_there, prompt="none")) == "consent_required"


def test_prompt_consent_asks_for_every_client(portal: RelyingParty, adele: Client) -> None:
    page = portal.authorize(adele, prompt="consent")
    assert page.status_code == 200
    response = adele.post("/id/authorize/consent", {**consent_form(page), "allow": "1"})
    assert "code=" in response.content.decode()


def test_the_logo_of_the_client_is_shown(foreign: RelyingParty, adele_there: Client) -> None:
    assert "<img" not in foreign.authorize(adele_there).content.decode()
    foreign.client.logo_uri = "https://client.example/logo.svg?a=1&b=2"
    foreign.client.save()
    page = foreign.authorize(adele_there).content.decode()
    assert '<img src="https://client.example/logo.svg?a=1&amp;b=2" alt=""' in page


def test_consent_cannot_be_forged(
    contoso: Company, foreign: RelyingParty, adele_there: Client
) -> None:
    page = foreign.authorize(adele_there)
    form = {**consent_form(page), "allow": "1"}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = adele_there.cookies
    assert strict.post("/id/authorize/consent", form).status_code == 403
    # The page of somebody else.
    other = Client()
    person = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(other, person, application=foreign.application.slug)
    assert_page(other.post("/id/authorize/consent", form), "request_expired")
    assert_page(adele_there.post("/id/authorize/consent", {"request": "x"}), "request_expired")
    assert not ClientConsent.objects.exists()


# --- Native applications --------------------------------------------------------------------------

NATIVE = "com.example.app:/callback"


def native(company: Company, callback: str = NATIVE, **options: Any) -> RelyingParty:
    return RelyingParty.create(
        company, application_type=Application.Type.NATIVE, callback=callback, **options
    )


def signed_in_to(company: Company, party: RelyingParty) -> Client:
    browser = Client()
    company.sign_in(browser, application=party.application.slug)
    return browser


def press(browser: Client, page: Any, button: str = "allow") -> str:
    """Press a button of a page; return where it leads."""
    response = browser.post("/id/authorize/consent", {**consent_form(page), button: "1"})
    (url,) = re.findall(r'content="0; url=([^"]*)"', response.content.decode())
    return str(url).replace("&amp;", "&")


@pytest.mark.parametrize(
    ("callback", "redirect_uri"),
    [
        (NATIVE, NATIVE),
        ("http://127.0.0.1/callback", "http://127.0.0.1:51004/callback"),
        ("http://localhost/callback", "http://localhost/callback"),
    ],
)
def test_a_program_on_the_device_gets_no_code_unseen(
    contoso: Company, callback: str, redirect_uri: str
) -> None:
    """Another one can pose as it."""
    party = native(contoso, callback)
    browser = signed_in_to(contoso, party)

    page = party.authorize(browser, redirect_uri=redirect_uri)

    assert page.status_code == 200
    assert f"Continue to {party.application.name} as " in page.content.decode()
    assert page["X-Frame-Options"] == "DENY"
    assert not Authorization.objects.exists()
    location = press(browser, page)
    assert location.startswith(redirect_uri)
    code = query_of(location)["code"]
    assert party.exchange(code, redirect_uri=redirect_uri).status_code == 200
    assert not ClientConsent.objects.exists()


def test_prompt_none_gives_such_a_program_nothing(contoso: Company) -> None:
    party = native(contoso)
    response = party.authorize(signed_in_to(contoso, party), prompt="none")
    assert response["Location"].startswith(NATIVE)
    assert query_of(response["Location"])["error"] == "interaction_required"


def test_who_does_not_want_to_go_on_gives_no_code(contoso: Company) -> None:
    party = native(contoso)
    browser = signed_in_to(contoso, party)
    location = press(browser, party.authorize(browser), "deny")
    assert query_of(location)["error"] == "access_denied"
    assert not Authorization.objects.exists()


@pytest.mark.parametrize("prompt", [None, ""])
def test_an_address_that_the_application_owns_needs_no_question(
    contoso: Company, prompt: str | None
) -> None:
    party = native(contoso, CALLBACK)
    browser = signed_in_to(contoso, party)
    assert "code" in query_of(party.authorize(browser, prompt=prompt)["Location"])
    assert "code" in query_of(party.authorize(browser, prompt="none")["Location"])


def test_who_has_just_chosen_the_connection_is_not_asked_again(contoso: Company) -> None:
    party, browser = native(contoso), Client()
    page = browser.get(party.authorize(browser)["Location"]).content.decode()
    (start,) = re.findall(r'href="(/login/contoso/[^"]*)"', page)
    response = browser.get(start.replace("&amp;", "&"))
    response = browser.get(contoso.come_back(browser, response["Location"])["Location"])
    assert response["Location"].startswith(NATIVE)
    assert "code" in query_of(response["Location"])


@pytest.mark.parametrize(
    "asked", [{"connection": "contoso"}, {"login_hint": "adele.vance@contoso.com"}]
)
def test_who_came_straight_through_microsoft_is_asked(
    contoso: Company, asked: dict[str, str]
) -> None:
    """Microsoft can have let them in without a question."""
    party, browser = native(contoso), Client()
    response = browser.get(party.authorize(browser, **asked)["Location"])
    response = contoso.come_back(browser, response["Location"])
    page = browser.get(response["Location"])
    assert page.status_code == 200
    assert "code" in query_of(press(browser, page))


def test_who_has_just_picked_an_account_at_microsoft_is_not_asked(contoso: Company) -> None:
    party, browser = native(contoso), Client()
    answer = party.sign_in(contoso, browser, prompt="select_account")
    assert "code" in answer


def test_a_consent_given_before_confirms_nothing(contoso: Company) -> None:
    party = native(contoso, is_first_party=False)
    browser = signed_in_to(contoso, party)
    page = party.authorize(browser)
    assert "Allow " in page.content.decode()
    assert "code" in query_of(press(browser, page))  # one page, not two
    assert "Continue to " in party.authorize(browser).content.decode()


def test_a_confirmation_is_no_consent(contoso: Company, foreign: RelyingParty) -> None:
    """The page of a native application says nothing of what a client wants to know."""
    party = native(contoso)
    browser = signed_in_to(contoso, party)
    page = party.authorize(browser)
    party.client.is_first_party = False
    party.client.save()
    response = browser.post("/id/authorize/consent", {**consent_form(page), "allow": "1"})
    assert "wants to know" in response.content.decode()
    assert not ClientConsent.objects.exists()


def test_a_confirmation_cannot_be_forged(contoso: Company) -> None:
    party = native(contoso)
    browser = signed_in_to(contoso, party)
    form = {**consent_form(party.authorize(browser)), "allow": "1"}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post("/id/authorize/consent", form).status_code == 403
    other = Client()
    megan = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(other, megan, application=party.application.slug)
    assert_page(other.post("/id/authorize/consent", form), "request_expired")
    assert not Authorization.objects.exists()


# --- Language -------------------------------------------------------------------------------------


def language_of(response: Any) -> str:
    (found,) = re.findall(r'<html lang="([^"]*)"', response.content.decode())
    return found


def test_the_pages_are_in_the_language_that_the_client_asks_for(
    contoso: Company, portal: RelyingParty
) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    response = portal.authorize(browser, ui_locales="tlh de-AT fr")
    page = browser.get(response["Location"])
    assert language_of(page) == "de"
    assert page["Content-Language"] == "de"
    # Coming back from Microsoft, too.
    assert language_of(browser.get("/login/callback?state=x")) == "de"
    assert browser.cookies["azuread_display"]["max-age"] == pending.LIFETIME


def test_the_language_ends_with_the_sign_in(contoso: Company, portal: RelyingParty) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    portal.sign_in(contoso, browser, ui_locales="de")
    assert not browser.cookies["azuread_display"].value
    assert language_of(browser.get("/login/")) == "en"


def test_a_later_request_without_a_language_has_the_sites_own(portal: RelyingParty) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    portal.authorize(browser, ui_locales="de")
    assert language_of(browser.get(portal.authorize(browser)["Location"])) == "en"


def test_the_consent_page_is_in_that_language(foreign: RelyingParty, adele_there: Client) -> None:
    assert language_of(foreign.authorize(adele_there, ui_locales="de")) == "de"
    assert language_of(foreign.authorize(adele_there)) == "en"


@pytest.mark.parametrize("value", ["tlh", "x" * 600, "\x00", "../de", "de;q=1", ".popup", " "])
def test_a_language_that_the_site_does_not_have_is_ignored(
    portal: RelyingParty, value: str
) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    page = browser.get(portal.authorize(browser, ui_locales=value)["Location"])
    assert language_of(page) == "en"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"


# --- Another host ---------------------------------------------------------------------------------


@pytest.fixture
def public_url(settings: Any) -> str:
    url = "https://id.example"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": url}
    settings.ALLOWED_HOSTS = ["testserver", "id.example"]
    return url


def test_a_request_to_another_host_of_the_site_moves_to_public_url(
    portal: RelyingParty, adele: Client, public_url: str
) -> None:
    response = portal.authorize(adele, state="a&b c")
    assert response.status_code == 302
    assert response["Location"].startswith(f"{public_url}/id/authorize?")
    assert query_of(response["Location"]) == {**portal.request(state="a&b c"), "moved": "1"}
    assert not Authorization.objects.exists()


def test_a_request_to_public_url_stays(
    portal: RelyingParty, adele: Client, public_url: str
) -> None:
    response = adele.get("/id/authorize", portal.request(), headers={"Host": "id.example"})
    assert query_of(response["Location"])["iss"] == f"{public_url}/id/"


def test_it_moves_once_where_a_proxy_changes_the_host(
    portal: RelyingParty, adele: Client, public_url: str
) -> None:
    assert "code" in query_of(portal.authorize(adele, moved="1")["Location"])


def test_a_request_by_post_to_another_host_moves_too(
    portal: RelyingParty, adele: Client, public_url: str
) -> None:
    response = adele.post("/id/authorize", portal.request())
    assert response.status_code == 303
    assert adele.get(response["Location"])["Location"].startswith(public_url)


def test_a_host_that_is_not_the_sites_leads_nowhere(
    portal: RelyingParty, public_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = Client().get("/id/authorize", portal.request(), headers={"Host": "evil.example"})
    assert response.status_code == 400


# --- What was deleted since the session was looked at ---------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deleted", ["identity", "connection"])
def test_who_was_deleted_a_moment_ago_has_to_sign_in(
    contoso: Company, portal: RelyingParty, adele: Client, deleted: str
) -> None:
    portal.code(adele)  # for half a minute, the session is not looked at again
    row = Identity.objects.get() if deleted == "identity" else contoso.connection
    row.delete()
    assert error_of(portal.authorize(adele, prompt="none")) == "login_required"
    response = portal.authorize(adele)
    assert response["Location"].startswith("/login/?application=")
    assert not Authorization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_consent_of_who_was_deleted_a_moment_ago_gives_no_code(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    portal.client.is_first_party = False
    portal.client.save()
    page = portal.authorize(adele)
    (sealed,) = re.findall(r'name="request" value="([^"]+)"', page.content.decode())
    Identity.objects.get().delete()
    response = adele.post("/id/authorize/consent", {"request": sealed, "allow": "1"})
    assert response["Location"].startswith("/login/?application=")
    assert not Authorization.objects.exists()
