"""A web page that the person has opened, or a link that was sent to them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.models import ClientConsent
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company, error_code, query_of
from tests.provider.relying_party import CALLBACK, ISSUER, RelyingParty

from .gains import Gains

pytestmark = [pytest.mark.django_db, attack(who=Attacker.BROWSER)]

PATTERN = "https://*.preview.example.com/callback"
EVIL = "https://evil.example"


def assert_leads_nowhere(response: Any) -> None:
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"
    assert "Location" not in response
    assert "evil" not in response.content.decode()


# --- Redirect URIs --------------------------------------------------------------------------------


@attack(
    wants="a code sent to an address of their own",
    stopped_by="a redirect URI is one of the listed, to the letter (RFC 9700 section 4.1.3)",
)
@pytest.mark.parametrize(
    "redirect_uri",
    [
        f"{EVIL}/callback",
        f"{CALLBACK}/",
        f"{CALLBACK}?next={EVIL}",
        f"{CALLBACK}#{EVIL}",
        f"{CALLBACK}/../evil",
        f"{CALLBACK}%2f..%2fevil",
        f"{CALLBACK}{EVIL}",
        "https://client.example.evil.example/callback",
        "https://client.example@evil.example/callback",
        "https://evil.example\\@client.example/callback",
        "https://client.example:443/callback",
        "https://client.example:8443/callback",
        "http://client.example/callback",
        "https://CLIENT.example/callback",
        "https://client.example./callback",
        "//client.example/callback",
        "javascript:alert(document.domain)//client.example/callback",
        "data:text/html,client.example/callback",
        "https://clıent.example/callback",
        "https://client.example/callback\u200b",
    ],
)
def test_a_redirect_uri_that_looks_like_one_of_the_clients(
    portal: RelyingParty, adele: Client, redirect_uri: str
) -> None:
    before = Gains.now()
    assert_leads_nowhere(portal.authorize(adele, redirect_uri=redirect_uri))
    before.assert_none()


@attack(
    wants="a code sent to a host that a wildcard does not mean",
    stopped_by="a wildcard stands for a part of one label, made of letters, digits and “-”",
)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example/.preview.example.com",
        "evil.example?.preview.example.com",
        "evil.example#.preview.example.com",
        "evil.example%2f.preview.example.com",
        "evil.example\\.preview.example.com",
        "evil.example@a.preview.example.com",
        "a:b@evil.preview.example.com",
        "a.evil.preview.example.com",
        "evil.example。.preview.example.com",
        "a.preview.example.com.evil.example",
        "preview.example.com",
        "*.preview.example.com",
    ],
)
def test_a_host_that_a_wildcard_does_not_mean(contoso: Company, host: str) -> None:
    party = RelyingParty.create(contoso, callback=PATTERN)
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    before = Gains.now()
    assert_leads_nowhere(party.authorize(browser, redirect_uri=f"https://{host}/callback"))
    before.assert_none()


@attack(
    wants="a code at a host of their own below a name where everybody can have one",
    stopped_by="a wildcard stands below a name that can be owned (Public Suffix List)",
)
@pytest.mark.parametrize("suffix", ["github.io", "azurewebsites.net", "co.uk", "com"])
def test_a_wildcard_below_a_public_suffix(contoso: Company, suffix: str) -> None:
    party = RelyingParty.create(contoso, callback=f"https://*.{suffix}/callback")
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    before = Gains.now()
    assert_leads_nowhere(party.authorize(browser, redirect_uri=f"https://evil.{suffix}/callback"))
    before.assert_none()


@attack(
    wants="a redirect URI given twice, of which two programs read different ones",
    stopped_by="no parameter may be there twice (RFC 6749 section 3.1)",
)
def test_a_second_redirect_uri(portal: RelyingParty, adele: Client) -> None:
    before = Gains.now()
    both = {**portal.request(), "redirect_uri": [CALLBACK, f"{EVIL}/"]}
    assert_leads_nowhere(adele.get("/id/authorize", both))
    before.assert_none()


@attack(
    wants="a redirect to their page by an error, as an open redirector",
    stopped_by="an error of an untrusted request is a page",
)
@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"prompt": "none"},
        {"scope": ""},
        {"client_id": "nobody"},
        {"code_challenge_method": "plain"},
    ],
)
def test_an_error_that_leads_away(
    portal: RelyingParty, adele: Client, changes: dict[str, str]
) -> None:
    assert_leads_nowhere(portal.authorize(adele, redirect_uri=f"{EVIL}/", **changes))


# --- The answer -----------------------------------------------------------------------------------


@attack(
    wants="a client to send this server's code to another server (mix-up)",
    stopped_by="each answer names the issuer (RFC 9207)",
)
@pytest.mark.parametrize("changes", [{}, {"prompt": "none", "max_age": "0"}, {"scope": "openid"}])
def test_a_mix_up(portal: RelyingParty, adele: Client, changes: dict[str, str]) -> None:
    answer = query_of(portal.authorize(adele, **changes)["Location"])
    assert answer["iss"] == ISSUER
    document = adele.get("/id/.well-known/openid-configuration").json()
    assert document["issuer"] == ISSUER
    assert document["authorization_response_iss_parameter_supported"] is True


@attack(
    wants="an authorization request that another browser began, finished in the victim's",
    stopped_by="a waiting request is sealed in a cookie of the browser that began",
)
def test_a_request_of_the_attackers_browser(portal: RelyingParty, adele: Client) -> None:
    resume = query_of(portal.authorize(Client())["Location"])["next"]
    before = Gains.now()
    response = adele.get(resume)
    assert response.status_code == 400
    assert error_code(response) == "request_expired"
    before.assert_none()


@attack(
    wants="a code by a link preview or a page that loads addresses",
    stopped_by="codes are given for GET by a browser that is sent on, and never for HEAD",
)
def test_a_look_without_a_person(portal: RelyingParty, adele: Client) -> None:
    before = Gains.now()
    assert adele.head("/id/authorize", portal.request()).status_code == 405
    before.assert_none()


# --- Consent --------------------------------------------------------------------------------------


@pytest.fixture
def foreign(contoso: Company) -> RelyingParty:
    return RelyingParty.create(contoso, is_first_party=False)


@pytest.fixture
def victim(contoso: Company, foreign: RelyingParty) -> Client:
    browser = Client(enforce_csrf_checks=True)
    contoso.sign_in(browser, application=foreign.application.slug)
    return browser


def sealed_on(page: Any) -> str:
    (found,) = re.findall(r'name="request" value="([^"]*)"', page.content.decode())
    return str(found)


@attack(
    wants="a consent that the person has not given (CSRF)",
    stopped_by="Django's token, and a request sealed for this very person",
)
@pytest.mark.parametrize(
    ("page_of", "has_token"),
    [
        ("the victim", False),
        ("the attacker", False),
        ("the attacker", True),
        ("nobody", False),
        ("nobody", True),
    ],
)
def test_a_forged_consent(
    contoso: Company,
    foreign: RelyingParty,
    victim: Client,
    page_of: str,
    has_token: bool,
) -> None:
    attacker = Client()
    megan = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(attacker, megan, application=foreign.application.slug)
    pages = {"the victim": victim, "the attacker": attacker}
    shown = pages.get(page_of)
    sealed = sealed_on(foreign.authorize(shown)) if shown else "made-up"
    form = {"request": sealed, "allow": "1"}
    if has_token:
        page = foreign.authorize(victim).content.decode()
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]*)"', page)
        form["csrfmiddlewaretoken"] = token
    before = Gains.now()
    response = victim.post("/id/authorize/consent", form)
    assert response.status_code == (400 if has_token else 403)
    before.assert_none()
    assert not ClientConsent.objects.exists()


@attack(
    wants="the consent pressed in a frame (clickjacking)",
    stopped_by="the pages are never shown in a frame",
)
def test_a_consent_in_a_frame(foreign: RelyingParty, victim: Client) -> None:
    assert foreign.authorize(victim)["X-Frame-Options"] == "DENY"


@attack(
    wants="more than the person has agreed to",
    stopped_by="consent is given for scopes, and asked for again for others",
)
def test_more_than_was_agreed_to(contoso: Company, foreign: RelyingParty) -> None:
    browser = Client()
    contoso.sign_in(browser, application=foreign.application.slug)
    page = foreign.authorize(browser, scope="openid")
    browser.post("/id/authorize/consent", {"request": sealed_on(page), "allow": "1"})
    before = Gains.now()
    assert foreign.authorize(browser, scope="openid email groups").status_code == 200
    before.assert_none()


# --- Scripts of other origins ---------------------------------------------------------------------


@attack(
    wants="a script of another origin to read tokens or what they say",
    stopped_by="CORS for the web origins of the client that the answer is for",
)
@pytest.mark.parametrize(
    "origin",
    [
        EVIL,
        "null",
        "https://spa.example.evil.example",
        "https://evil-spa.example",
        "http://spa.example",
        "https://spa.example:8443",
        "https://SPA.example",
        "https://other.example",
    ],
)
def test_a_script_of_a_foreign_origin(contoso: Company, spa: RelyingParty, origin: str) -> None:
    RelyingParty.create(contoso, web_origins=["https://other.example"])
    browser = Client()
    spa.sign_in(contoso, browser)
    headers = {"Origin": origin}
    code = spa.code(browser)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": spa.callback,
        "code_verifier": spa.verifier,
        "client_id": spa.client_id,
    }
    answer = Client().post("/id/oauth/token", form, headers=headers)
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    answers = [
        answer,
        Client().get("/id/userinfo", headers={**headers, "Authorization": f"Bearer {token}"}),
        Client().post(
            "/id/oauth/revoke", {"client_id": spa.client_id, "token": token}, headers=headers
        ),
    ]
    for each in answers:
        assert "Access-Control-Allow-Origin" not in each
        assert "Access-Control-Allow-Credentials" not in each
    preflight = Client().options("/id/oauth/token", headers=headers)
    allowed = preflight.headers.get("Access-Control-Allow-Origin")
    assert allowed == (origin if origin == "https://other.example" else None)


# --- Signing out ----------------------------------------------------------------------------------


@attack(
    wants="a redirect to their page by signing out, as an open redirector",
    stopped_by="an address after signing out is one of the client's allowed logout URLs",
)
@pytest.mark.parametrize("address", ["oidc/logout", "v2/logout"])
@pytest.mark.parametrize(
    "url",
    [
        f"{EVIL}/",
        "//evil.example/",
        "https://client.example@evil.example/bye",
        "https://client.example/bye/../evil",
        "https://client.example/bye?next=https://evil.example",
        "https://evil.example\\@client.example/bye",
        "javascript:alert(1)",
        CALLBACK,
    ],
)
@pytest.mark.parametrize("names_client", [False, True])
def test_an_open_redirect_by_signing_out(
    portal: RelyingParty, adele: Client, address: str, url: str, names_client: bool
) -> None:
    portal.tokens(adele)
    parameter = "returnTo" if address == "v2/logout" else "post_logout_redirect_uri"
    client = {"client_id": portal.client_id} if names_client else {}
    response = adele.get(f"/id/{address}", {**client, parameter: url})
    assert_leads_nowhere(response)
    assert SESSION_KEY in adele.session


@attack(
    wants="the allowed logout URL of one client used for another",
    stopped_by="the list is that of the client that the request names",
)
def test_the_logout_url_of_another_client(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    mallory = RelyingParty.create(contoso)
    Application.objects.filter(pk=mallory.application.pk).update(allowed_logout_urls=[f"{EVIL}/"])
    hint = portal.tokens(adele)["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": f"{EVIL}/"}
    assert_leads_nowhere(adele.get("/id/oidc/logout", form))
    assert_leads_nowhere(adele.get("/id/oidc/logout", {**form, "client_id": mallory.client_id}))
    assert SESSION_KEY in adele.session


@attack(
    wants="the person signed out by a link",
    stopped_by="a page asks, unless this very session was used for the client",
)
@pytest.mark.parametrize("address", ["oidc/logout", "v2/logout"])
def test_a_link_that_signs_out(
    contoso: Company, portal: RelyingParty, adele: Client, address: str
) -> None:
    portal.tokens(adele)
    other = RelyingParty.create(contoso)
    for parameters in ({}, {"client_id": other.client_id}):
        assert adele.get(f"/id/{address}", parameters).status_code == 200
        assert SESSION_KEY in adele.session
