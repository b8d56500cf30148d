"""The authorization code grant, from the client's redirect to its tokens."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.company import Company
from tests.provider.relying_party import (
    ISSUER,
    RelyingParty,
    id_token_claims,
    userinfo,
)

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_through_contoso(contoso: Company, portal: RelyingParty) -> None:
    answer = portal.sign_in(contoso, Client())
    assert answer["state"] == "the-state"
    assert answer["iss"] == ISSUER

    response = portal.exchange(answer["code"])

    assert response.status_code == 200, response.content
    assert "no-store" in response["Cache-Control"]
    tokens = response.json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "openid profile email offline_access"
    claims = id_token_claims(tokens["id_token"], portal.client_id)
    assert claims["nonce"] == "the-nonce"
    assert claims["name"] == "Adele Vance"
    assert claims["tid"] == contoso.directory.tenant_id
    assert claims["oid"] == contoso.person.object_id
    assert claims["connection"] == "contoso"
    assert claims["email_verified"] is True
    assert claims["sub"].startswith("azuread|")
    assert claims["sid"]
    assert not {"auth_time", "amr"} & set(claims)  # Microsoft has not said
    person = userinfo(tokens["access_token"]).json()
    assert person["sub"] == claims["sub"]
    assert person["email"] == claims["email"]


def test_a_single_page_application_signs_in_without_a_secret(
    contoso: Company, spa: RelyingParty
) -> None:
    response = spa.exchange(spa.sign_in(contoso, Client())["code"])
    assert response.status_code == 200, response.content
