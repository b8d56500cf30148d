"""Which keys may sign in a whole sign-in: of this cloud, of this registration."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client

from azuread_connections.models import Connection, Event
from tests.attacks.forging import compact, segment
from tests.company import Company, error_code, unprove
from tests.field_cases import case

pytestmark = pytest.mark.django_db

F01 = case("F01")
F02 = case("F02")


@cache
def key_called(key_id: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk_of(member: dict[str, str], login_url: str) -> dict[str, str]:
    """A key of the case with the numbers of a real key, for the stand-in's host."""
    modulus = key_called(member["kid"]).public_key().public_numbers().n
    issuer = member["issuer"].replace("https://login.microsoftonline.com", login_url)
    numbers = {"kty": "RSA", "use": "sig", "n": segment(modulus.to_bytes(256, "big")), "e": "AQAB"}
    return {**member, "issuer": issuer, **numbers}


def sign_in_with_key(company: Company, client: Client, key_id: str) -> Any:
    """Sign in with a token that is valid but for the key that signed it."""

    def signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
        return compact(
            {**header, "kid": key_id},
            claims,
            lambda message: key_called(key_id).sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    company.microsoft.tamper_id_token(signed)
    return company.sign_in(client)


@pytest.mark.parametrize(("key_id", "right"), F01["signed_by"].items())
def test_f01_a_key_signs_in_its_own_cloud_only(
    contoso: Company, client: Client, key_id: str, right: str
) -> None:
    jwks = [jwk_of(member, contoso.microsoft.url) for member in F01["jwks"]]
    contoso.microsoft.fault("keys", body=json.dumps({"keys": jwks}), times=None)
    response = sign_in_with_key(contoso, client, key_id)
    if right.startswith("accept"):
        assert response.status_code == 302
        assert "_auth_user_id" in client.session
    else:
        assert right == "reject (id_token_invalid)"
        assert (response.status_code, error_code(response)) == (502, "id_token_invalid")
        assert "another cloud" in Event.objects.get(code="id_token_invalid").message
        assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("answer", F02["answers"], ids=lambda answer: answer["name"])
def test_f02_a_directory_of_another_cloud_is_not_pinned_by_a_sign_in(
    contoso: Company, client: Client, answer: dict[str, Any]
) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    contoso.microsoft.fault("discovery", body=json.dumps(answer["document"]))
    response = contoso.sign_in(client)
    connection = Connection.objects.get()
    if answer["expect"] == "pinned":
        assert connection.tenant_id in answer["document"]["issuer"]
        assert len(connection.tenant_id) == 36
    else:
        assert connection.tenant_id == ""
        assert (response.status_code, error_code(response)) == (502, "microsoft_error")
        assert "microsoftonline.us" in Event.objects.get(code="microsoft_error").message


def asked_for_keys(company: Company) -> list[dict[str, str]]:
    return [seen.query for seen in company.microsoft.requests if seen.endpoint == "keys"]


@pytest.mark.parametrize("which", ["contoso", "fabrikam"])
def test_a_registration_with_a_signing_key_of_its_own_signs_in(
    request: pytest.FixtureRequest, which: str
) -> None:
    company: Company = request.getfixturevalue(which)
    company.microsoft.rotate_app_key(company.app)
    for _ in range(3):
        assert company.sign_in(Client()).status_code == 302
    assert asked_for_keys(company) == [{}, {"appid": company.app.client_id}]


def test_so_does_one_at_the_common_endpoint(contoso: Company) -> None:
    Connection.objects.update(use_common_endpoint=True)
    contoso.app.multi_tenant = True
    contoso.microsoft.rotate_app_key(contoso.app)
    assert contoso.sign_in(Client()).status_code == 302
    assert asked_for_keys(contoso) == [{}, {"appid": contoso.app.client_id}]


def test_a_registration_without_one_is_never_asked_about(contoso: Company) -> None:
    for _ in range(3):
        assert contoso.sign_in(Client()).status_code == 302
    assert asked_for_keys(contoso) == [{}]
