"""What clients read about the server."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.provider.relying_party import ISSUER, RelyingParty

pytestmark = pytest.mark.django_db

DISCOVERY = "/id/.well-known/openid-configuration"


def test_both_documents_say_the_same(client: Client) -> None:
    document = client.get(DISCOVERY)
    assert document.json() == client.get("/id/.well-known/oauth-authorization-server").json()
    assert document["Cache-Control"] == "public, max-age=3600"
    assert document["Access-Control-Allow-Origin"] == "*"


def test_the_issuer_is_the_address_that_discovery_lies_under(client: Client) -> None:
    document = client.get(DISCOVERY).json()
    assert document["issuer"] == ISSUER
    assert (
        document["issuer"] + ".well-known/openid-configuration" == f"http://testserver{DISCOVERY}"
    )


def test_every_endpoint_that_is_named_answers(client: Client) -> None:
    document = client.get(DISCOVERY).json()
    addresses = {name: url for name, url in document.items() if name.endswith(("endpoint", "uri"))}
    assert len(addresses) == 8
    for name, url in addresses.items():
        assert url.startswith(ISSUER), name
        assert client.get(url).status_code != 404, name
        assert client.post(url).status_code != 404, name


def test_public_url_is_the_issuers_host(client: Client, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "https://id.example.com"
    }
    document = client.get(DISCOVERY).json()
    assert document["issuer"] == "https://id.example.com/id/"
    assert document["token_endpoint"] == "https://id.example.com/id/oauth/token"


def test_neither_document_asks_the_database(client: Client, django_assert_num_queries: Any) -> None:
    client.get("/id/.well-known/jwks.json")
    with django_assert_num_queries(0):
        client.get(DISCOVERY)
        client.get("/id/.well-known/jwks.json")


def test_clients_may_keep_the_keys_for_an_hour(client: Client) -> None:
    response = client.get("/id/.well-known/jwks.json")
    assert response["Cache-Control"] == "public, max-age=3600"
    assert "Origin" in response["Vary"]


# --- Scripts of other origins ---------------------------------------------------------------------

OWN = "https://spa.example"
FOREIGN = ["https://evil.example", "null", "https://spa.example.evil.example", "http://spa.example"]


def allowed_origin(response: Any) -> str:
    value: str = response.headers.get("Access-Control-Allow-Origin", "")
    return value


def test_a_clients_own_origin_reads_the_answer_of_the_token_endpoint(spa: RelyingParty) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": spa.client_id}
    response = Client().post("/id/oauth/token", form, headers={"Origin": OWN})
    assert allowed_origin(response) == OWN
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_reads_nothing(spa: RelyingParty, origin: str) -> None:
    client, headers = Client(), {"Origin": origin}
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": spa.client_id}
    for path in ("/id/oauth/token", "/id/oauth/revoke"):
        assert not allowed_origin(client.post(path, form, headers=headers))
        assert not allowed_origin(client.options(path, headers=headers))
    assert not allowed_origin(client.get("/id/.well-known/jwks.json", headers=headers))
    assert not allowed_origin(client.options("/id/userinfo", headers=headers))


def test_the_origin_of_another_client_reads_nothing(
    spa: RelyingParty, portal: RelyingParty
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", **portal.credentials()}
    response = Client().post("/id/oauth/token", form, headers={"Origin": OWN})
    assert not allowed_origin(response)


def test_a_browser_is_told_before_it_sends_an_access_token(spa: RelyingParty) -> None:
    headers = {"Origin": OWN, "Access-Control-Request-Headers": "authorization"}
    response = Client().options("/id/userinfo", headers=headers)
    assert response.status_code == 204
    assert allowed_origin(response) == OWN
    assert "Authorization" in response["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response


def test_userinfo_is_read_by_the_origins_of_the_tokens_client(
    contoso: Any, spa: RelyingParty
) -> None:
    browser = Client()
    spa.sign_in(contoso, browser)
    token = spa.tokens(browser)["access_token"]
    for origin, allowed in ((OWN, OWN), ("https://evil.example", "")):
        headers = {"Authorization": f"Bearer {token}", "Origin": origin}
        assert allowed_origin(Client().get("/id/userinfo", headers=headers)) == allowed


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Bearer a b", "Basic x", "Bearer é"])
def test_userinfo_without_a_valid_token_is_401(header: str) -> None:
    response = Client().get("/id/userinfo", headers={"Authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
