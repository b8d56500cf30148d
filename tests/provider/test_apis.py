"""Access tokens for APIs (RFC 9068): who gets one, for which, and what is in it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from azuread_connections.provider.models import API, ClientConsent, ClientGrant, OAuthClient
from tests.company import Company, query_of
from tests.provider.relying_party import (
    ISSUER,
    RelyingParty,
    error_of,
    id_token_claims,
    userinfo,
)

pytestmark = pytest.mark.django_db

ORDERS = "https://orders.example/"
STOCK = "https://stock.example/"


@pytest.fixture(autouse=True)
def orders(db: None) -> API:
    meanings = {"read:orders": "see your orders", "write:orders": "change your orders"}
    API.objects.create(name="Stock", identifier=STOCK, scopes={"read:orders": "see it"})
    return API.objects.create(name="Orders", identifier=ORDERS, scopes=meanings)


def grant(party: RelyingParty, api: API, scope: str = "read:orders") -> None:
    ClientGrant.objects.create(client=party.client, api=api, scope=scope)


def access_claims(token: str, audience: str = ORDERS) -> dict[str, Any]:
    """Check an access token as an API does (RFC 9068 section 4)."""
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "RS256")
    keys = jwt.PyJWKSet.from_dict(Client().get("/id/.well-known/jwks.json").json())
    found: dict[str, Any] = jwt.decode(
        token,
        keys[header["kid"]].key,
        algorithms=["RS256"],
        audience=audience,
        issuer=ISSUER,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )
    return found


@pytest.mark.parametrize("parameter", ["audience", "resource"])
def test_a_person_gets_a_token_for_an_api(
    contoso: Company, portal: RelyingParty, parameter: str
) -> None:
    contoso.app.optional_claims += ["auth_time"]
    adele = Client()
    contoso.sign_in(adele, application=portal.application.slug)
    tokens = portal.tokens(
        adele, scope="openid read:orders unheard:of offline_access", **{parameter: ORDERS}
    )
    claims = access_claims(tokens["access_token"])
    identity = id_token_claims(tokens["id_token"], portal.client_id)
    assert claims["aud"] == [ORDERS, f"{ISSUER}userinfo"]
    assert claims["client_id"] == portal.client_id
    assert claims["scope"] == tokens["scope"] == "openid offline_access read:orders"
    for name in ("sub", "sid", "auth_time"):
        assert claims[name] == identity[name]
    assert claims["exp"] - claims["iat"] == 3600
    assert "name" not in claims
    assert userinfo(tokens["access_token"]).json()["sub"] == claims["sub"]
    introspected = portal.introspect(tokens["access_token"])
    assert (introspected["active"], introspected["aud"]) == (True, ORDERS)


def test_a_refresh_gives_a_token_for_the_same_api(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele, scope="openid read:orders offline_access", audience=ORDERS)
    for changes in ({}, {"audience": ORDERS}):
        tokens = portal.refresh(tokens["refresh_token"], **changes).json()
        assert access_claims(tokens["access_token"])["scope"].endswith("read:orders")
    refused = portal.refresh(tokens["refresh_token"], audience=STOCK)
    assert refused.json()["error"] == "invalid_target"


def test_a_code_is_for_one_api(portal: RelyingParty, adele: Client) -> None:
    code = portal.code(adele, audience=ORDERS)
    assert portal.exchange(code, resource=STOCK).json()["error"] == "invalid_target"
    code = portal.code(adele)
    assert portal.exchange(code, audience=ORDERS).json()["error"] == "invalid_target"


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "https://unknown.example/"},
        {"audience": "\x00"},
        {"audience": ORDERS, "resource": STOCK},
    ],
)
def test_an_unknown_api_is_refused(
    portal: RelyingParty, adele: Client, changes: dict[str, str]
) -> None:
    assert error_of(portal.authorize(adele, **changes)) == "invalid_target"


def test_without_an_api_its_scopes_are_ignored(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele, scope="openid read:orders")
    assert tokens["scope"] == "openid"
    assert tokens["access_token"].count(".") == 0


def test_an_access_token_is_no_id_token(portal: RelyingParty, adele: Client) -> None:
    token = portal.tokens(adele, audience=ORDERS)["access_token"]
    assert error_of(portal.authorize(adele, id_token_hint=token)) == "login_required"
    assert adele.get("/id/oidc/logout", {"id_token_hint": token}).status_code == 400


# --- Machines -------------------------------------------------------------------------------------


def test_a_machine_gets_what_it_was_granted(machine: RelyingParty, orders: API) -> None:
    grant(machine, orders)
    tokens = machine.token(grant_type="client_credentials", audience=ORDERS).json()
    claims = access_claims(tokens["access_token"])
    assert claims["aud"] == ORDERS
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert claims["scope"] == tokens["scope"] == "read:orders"
    assert "sid" not in claims
    assert machine.introspect(tokens["access_token"])["active"] is True


def test_a_machine_gets_no_more_than_it_was_granted(machine: RelyingParty, orders: API) -> None:
    grant(machine, orders)
    asked = {"grant_type": "client_credentials", "audience": ORDERS}
    refused = machine.token(**asked, scope="write:orders").json()
    assert refused["error"] == "invalid_scope"
    assert "has not been granted" in refused["error_description"]
    assert machine.token(**asked, scope="read:orders").status_code == 200


def test_a_machine_without_a_grant_learns_nothing_of_the_api(machine: RelyingParty) -> None:
    asked = {"grant_type": "client_credentials"}
    missing = machine.token(**asked, audience=ORDERS)
    unknown = machine.token(**asked, audience="https://unknown.example/")
    assert missing.json()["error"] == "invalid_target"
    assert missing.content == unknown.content


def test_a_grant_that_names_a_scope_which_the_api_has_no_more_gives_it_no_more(
    machine: RelyingParty, orders: API
) -> None:
    grant(machine, orders, "read:orders write:orders")
    orders.scopes = {"read:orders": "see"}
    orders.save()
    tokens = machine.token(grant_type="client_credentials", audience=ORDERS).json()
    assert tokens["scope"] == "read:orders"


# --- Clients of somebody else ---------------------------------------------------------------------


@pytest.fixture
def foreign(contoso: Company) -> RelyingParty:
    return RelyingParty.create(contoso, is_first_party=False)


@pytest.fixture
def adele_there(contoso: Company, foreign: RelyingParty) -> Client:
    browser = Client()
    contoso.sign_in(browser, application=foreign.application.slug)
    return browser


def agree(foreign: RelyingParty, browser: Client, **asked: str) -> str:
    page = foreign.authorize(browser, **asked).content.decode()
    sealed = page.split('name="request" value="')[1].split('"')[0]
    browser.post("/id/authorize/consent", {"request": sealed, "allow": "1"})
    return page


def test_a_client_of_somebody_else_needs_a_grant(
    foreign: RelyingParty, adele_there: Client, orders: API
) -> None:
    asked = {"audience": ORDERS, "scope": "openid read:orders write:orders"}
    assert error_of(foreign.authorize(adele_there, **asked)) == "invalid_target"
    grant(foreign, orders)
    page = agree(foreign, adele_there, **asked)
    assert "see your orders" in page
    assert "change your orders" not in page
    assert "code" in query_of(foreign.authorize(adele_there, **asked)["Location"])


def test_consent_for_one_api_is_none_for_another(
    foreign: RelyingParty, adele_there: Client, orders: API
) -> None:
    grant(foreign, orders)
    grant(foreign, API.objects.get(identifier=STOCK))
    agree(foreign, adele_there, audience=ORDERS, scope="openid read:orders")
    response = foreign.authorize(adele_there, audience=STOCK, scope="openid read:orders")
    assert response.status_code == 200
    # Nor is that for the person's data one for an API without scopes.
    assert foreign.authorize(adele_there, audience=STOCK, scope="openid").status_code == 200


# --- Commands -------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_an_api_is_registered_and_granted(machine: RelyingParty) -> None:
    run("register_api", "urn:wiki", "--scope", "read=see pages", "--scope", "write")
    assert API.objects.get(identifier="urn:wiki").scopes == {
        "read": "see pages",
        "write": "write",
    }
    slug = machine.application.slug
    run("grant_api", slug, "urn:wiki", "--scope", "read")
    tokens = machine.token(grant_type="client_credentials", audience="urn:wiki").json()
    assert tokens["scope"] == "read"
    run("grant_api", slug, "urn:wiki", "--withdraw")
    refused = machine.token(grant_type="client_credentials", audience="urn:wiki")
    assert refused.json()["error"] == "invalid_target"


def test_scopes_that_an_api_loses_are_named() -> None:
    run("register_api", "urn:wiki", "--scope", "read", "--scope", "write")
    errors = StringIO()
    call_command("register_api", "urn:wiki", "--scope", "read", stdout=StringIO(), stderr=errors)
    assert "no longer a scope, also for clients: write" in errors.getvalue()
    call_command("register_api", "urn:wiki", stdout=StringIO(), stderr=(kept := StringIO()))
    assert kept.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["register_api", "urn:x", "--scope", "a b"], "not a scope"),
        (["register_api", "urn:x", "--scope", "openid"], "a scope of OpenID Connect"),
        (["register_api", "urn:\x00"], "invisible character"),
        (["grant_api", "nobody", ORDERS], "not a client"),
        (["grant_api", "SLUG", "urn:x"], "There is no API"),
        (["grant_api", "SLUG", ORDERS, "--scope", "x"], "has no scope x"),
    ],
)
def test_what_cannot_be_done_is_named(
    machine: RelyingParty, arguments: list[str], error: str
) -> None:
    given = [machine.application.slug if each == "SLUG" else each for each in arguments]
    with pytest.raises(CommandError, match=error):
        run(*given)


@pytest.mark.parametrize("what", ["grant", "scopes", "consent"])
def test_what_was_withdrawn_is_not_refreshed(
    contoso: Company, adele: Client, orders: API, what: str
) -> None:
    party = RelyingParty.create(contoso)
    OAuthClient.objects.filter(pk=party.client.pk).update(is_first_party=False)
    grant(party, orders)
    ClientConsent.objects.give(
        party.client,
        User.objects.get(),
        ["openid", "offline_access", f"{orders.pk}:", f"{orders.pk}:read:orders"],
    )
    tokens = party.tokens(adele, scope="openid read:orders offline_access", audience=ORDERS)
    assert "read:orders" in tokens["scope"]
    if what == "grant":
        ClientGrant.objects.all().delete()
    elif what == "consent":
        ClientConsent.objects.all().delete()
    else:
        API.objects.filter(pk=orders.pk).update(scopes={})
    introspected = party.introspect(tokens["access_token"])
    assert introspected["active"] is (what == "scopes")
    assert "read:orders" not in introspected.get("scope", "")
    answer = party.refresh(tokens["refresh_token"])
    if what == "scopes":
        assert "read:orders" not in answer.json()["scope"]
    else:
        assert answer.json()["error"] == "invalid_grant"
