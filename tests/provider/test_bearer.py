"""This site's own access tokens, in an API of this site."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Event, Revocation
from azuread_connections.provider import keys
from azuread_connections.provider.models import API, Authorization, ClientGrant
from azuread_connections.rest_framework import AzureADBearerAuthentication
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.provider.relying_party import ISSUER, RelyingParty

pytestmark = pytest.mark.django_db

ORDERS = "https://orders.example/"
STOCK = "https://stock.example/"


@pytest.fixture(autouse=True)
def orders(db: None, microsoft: StandIn, settings: Any) -> API:
    settings.ROOT_URLCONF = "tests.provider.api_urls"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"API_IDENTIFIERS": [ORDERS]}
    meanings = {"read:orders": "see your orders", "write:orders": "change your orders"}
    API.objects.create(name="Stock", identifier=STOCK, scopes={"read:orders": "see it"})
    return API.objects.create(name="Orders", identifier=ORDERS, scopes=meanings)


def call(token: str, where: str = "me") -> Any:
    return Client().get(f"/api/{where}", headers={"Authorization": f"Bearer {token}"})


def persons_tokens(portal: RelyingParty, adele: Client, api: str = ORDERS) -> dict[str, Any]:
    return portal.tokens(adele, scope="openid read:orders offline_access", audience=api)


def assert_refused(response: Any, why: str) -> None:
    assert response.status_code == 401, response.content
    assert 'error="invalid_token"' in response["WWW-Authenticate"]
    assert why in response["WWW-Authenticate"]
    assert Event.objects.filter(kind=Event.Kind.API_REFUSED).exists()


def test_a_persons_token_gives_their_user(portal: RelyingParty, adele: Client) -> None:
    response = call(persons_tokens(portal, adele)["access_token"])
    assert response.status_code == 200, response.content
    answer = response.json()
    assert answer["user"] == User.objects.get().username
    assert "read:orders" in answer["scopes"]
    assert "write:orders" not in answer["scopes"]
    assert answer["client"] == portal.client_id
    assert answer["audience"] == ORDERS
    assert not answer["is_app_only"]


def test_a_machines_scopes_are_the_roles_of_an_application(
    machine: RelyingParty, orders: API
) -> None:
    ClientGrant.objects.create(client=machine.client, api=orders, scope="read:orders")
    tokens = machine.token(grant_type="client_credentials", audience=ORDERS).json()
    assert_refused(call(tokens["access_token"]), "people only")
    answer = call(tokens["access_token"], "any").json()
    assert answer["is_app_only"]
    assert (answer["roles"], answer["scopes"]) == (["read:orders"], [])
    ClientGrant.objects.all().delete()
    assert_refused(call(tokens["access_token"], "any"), "no grant")


def test_microsofts_tokens_are_taken_beside_them(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    contoso.sign_in(adele)
    token = contoso.microsoft.mint_api_token(
        contoso.directory, contoso.app, contoso.person, scopes=["Files.Read"]
    )
    assert call(token).status_code == 200


def test_a_class_takes_only_tokens_that_rest_on_its_one_connection(
    portal: RelyingParty,
    adele: Client,
    machine: RelyingParty,
    orders: API,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = persons_tokens(portal, adele)["access_token"]
    ClientGrant.objects.create(client=machine.client, api=orders, scope="read:orders")
    own = machine.token(grant_type="client_credentials", audience=ORDERS).json()["access_token"]
    assert call(own, "any").status_code == 200
    monkeypatch.setattr(AzureADBearerAuthentication, "connection", "Contoso")
    assert call(token).status_code == 200
    assert_refused(call(own, "any"), "does not rest on")
    monkeypatch.setattr(AzureADBearerAuthentication, "connection", "fabrikam")
    assert_refused(call(token), "does not rest on")


def test_a_token_for_another_api_is_refused(portal: RelyingParty, adele: Client) -> None:
    token = persons_tokens(portal, adele, STOCK)["access_token"]
    assert_refused(call(token), "another API")


def test_an_api_that_is_not_named_in_the_settings_is_refused(
    portal: RelyingParty, adele: Client, settings: Any
) -> None:
    token = persons_tokens(portal, adele)["access_token"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"API_IDENTIFIERS": []}
    assert_refused(call(token), "another API")


def test_an_id_token_of_the_provider_is_refused(portal: RelyingParty, adele: Client) -> None:
    assert_refused(call(persons_tokens(portal, adele)["id_token"]), "not an access token")


def test_a_refresh_token_is_refused(portal: RelyingParty, adele: Client) -> None:
    assert_refused(call(persons_tokens(portal, adele)["refresh_token"]), "not a signed JWT")


def test_an_opaque_access_token_is_refused(portal: RelyingParty, adele: Client) -> None:
    assert_refused(call(portal.tokens(adele)["access_token"]), "not a signed JWT")


def test_a_token_that_was_revoked_is_refused(portal: RelyingParty, adele: Client) -> None:
    token = persons_tokens(portal, adele)["access_token"]
    Authorization.objects.get().revoke()
    assert call(token).status_code == 401


def test_the_token_before_a_refresh_is_refused(portal: RelyingParty, adele: Client) -> None:
    tokens = persons_tokens(portal, adele)
    new = portal.refresh(tokens["refresh_token"]).json()
    assert_refused(call(tokens["access_token"]), "replaced")
    assert call(new["access_token"]).status_code == 200


@pytest.mark.parametrize("how", ["revoked", "deactivated", "not enabled"])
def test_a_person_who_may_no_longer_is_refused_at_once(
    contoso: Company, portal: RelyingParty, adele: Client, how: str
) -> None:
    token = persons_tokens(portal, adele)["access_token"]
    assert call(token).status_code == 200
    if how == "revoked":
        Revocation.everybody(contoso.connection)
    elif how == "deactivated":
        User.objects.update(is_active=False)
    else:
        contoso.connection.applications.clear()
    assert call(token).status_code == 401


def test_a_token_that_this_site_has_signed_but_not_issued_is_refused(
    portal: RelyingParty, adele: Client
) -> None:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": ORDERS,
        "sub": "somebody",
        "client_id": portal.client_id,
        "scope": "read:orders",
        "iat": now,
        "exp": now + 600,
    }
    signed = keys.sign(claims, typ=keys.TYP_AT_JWT)
    assert_refused(call(signed), "has ended")
    assert_refused(call(keys.sign({**claims, "exp": now - 1}, typ=keys.TYP_AT_JWT)), "expired")
    header, _dot, rest = signed.partition(".")
    assert_refused(call(f"{header}.{rest[:-8]}AAAAAAAA"), "not an access token")
