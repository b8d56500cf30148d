from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.models import Application, Connection, Event, Identity
from azuread_connections.testing import StandIn
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
    """Sign in with a token that is valid except for its signing key."""

    def signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
        return compact(
            {**header, "kid": key_id},
            claims,
            lambda message: key_called(key_id).sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    company.microsoft.tamper_id_token(signed)
    return company.sign_in(client)


def asked_for_keys(company: Company) -> list[dict[str, str]]:
    return [seen.query for seen in company.microsoft.requests if seen.endpoint == "keys"]


GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture
def everybody(microsoft: StandIn, application: Application) -> Company:
    """A connection on the common endpoint, of an app that is registered at Contoso."""
    company = Company.create(
        microsoft, application, name="everybody", use_common_endpoint=True, new_directories="accept"
    )
    company.app.multi_tenant = True
    company.app.personal_accounts = True
    return company


def test_a_person_signs_in_and_arrives(contoso: Company, client: Client) -> None:
    response = contoso.sign_in(client, next="/reports/?year=2026")

    assert response.status_code == 302
    assert response["Location"] == "/reports/?year=2026"
    user = get_user(client)  # type: ignore[arg-type]
    assert user.get_username() == "adele.vance@contoso.com"
    assert isinstance(user, User)
    assert (user.first_name, user.last_name) == ("Adele", "Vance")
    assert user.email == "adele.vance@contoso.com"
    assert not user.has_usable_password()
    identity = Identity.objects.get()
    assert identity.user == user
    assert (identity.tenant_id, identity.object_id) == (
        contoso.directory.tenant_id,
        contoso.person.object_id,
    )
    event = Event.objects.get()
    assert (event.kind, event.person) == ("signed_in", "adele.vance@contoso.com")


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


@pytest.mark.parametrize("which", ["contoso", "fabrikam"])
def test_a_registration_with_its_own_signing_key_works(
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


def test_at_hash_is_checked_against_the_access_token(contoso, client):
    half = hashlib.sha256(b"known").digest()[:16]

    def same(header, claims):
        claims["at_hash"] = base64.urlsafe_b64encode(half).rstrip(b"=").decode()

    contoso.microsoft.tamper_id_token(same)
    contoso.microsoft.tamper_token_response(lambda document: document | {"access_token": "known"})
    assert contoso.sign_in(client).status_code == 302


def test_keys_come_from_the_directorys_own_address(contoso, client):
    contoso.sign_in(client)
    assert [r.tenant for r in contoso.microsoft.requests if r.endpoint == "keys"] == [
        contoso.directory.tenant_id
    ]


def test_a_common_endpoint_works_before_its_domain_is_known(microsoft, application, client):
    company = Company.create(
        microsoft, application, pinned=False, use_common_endpoint=True, new_directories="accept"
    )
    company.app.multi_tenant = True
    microsoft.fault("discovery", status=503)
    assert company.sign_in(client).status_code == 302


@pytest.mark.parametrize(
    "claims",
    [
        # The issuer of another directory than the token's, and the template itself.
        {"tid": GUID},
        {"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{GUID}/v2.0", "tid": GUID},
    ],
)
def test_the_issuer_is_the_one_of_the_tokens_own_directory(
    everybody: Company, client: Client, claims: dict[str, str]
) -> None:
    def tamper(header: dict[str, Any], token: dict[str, Any]) -> None:
        token.update(claims)

    everybody.microsoft.tamper_id_token(tamper)
    response = everybody.sign_in(client)
    assert (response.status_code, error_code(response)) == (502, "id_token_invalid")


def test_a_key_of_the_personal_tenant_signs_for_no_company(
    everybody: Company, microsoft: StandIn, client: Client
) -> None:
    """A key in the common set whose issuer is one tenant is valid only for that tenant."""
    person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")
    tenant_id = everybody.directory.tenant_id

    def pretend(header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["iss"] = claims["iss"].replace(PERSONAL_TENANT_ID, tenant_id)
        claims["tid"] = tenant_id

    microsoft.tamper_id_token(pretend)
    response = everybody.sign_in(client, person)
    assert (response.status_code, error_code(response)) == (502, "id_token_invalid")
    assert "not for this directory" in Event.objects.get().message


def test_a_single_directory_app_on_the_common_endpoint_is_explained(
    everybody: Company, client: Client
) -> None:
    everybody.app.multi_tenant = False
    everybody.app.personal_accounts = False
    response = everybody.sign_in(client)
    assert (response.status_code, error_code(response)) == (502, "microsoft_error")
    assert Event.objects.get().aadsts_code == 50194


def test_switching_to_the_common_endpoint_keeps_every_user(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    contoso.app.multi_tenant = True
    Connection.objects.update(use_common_endpoint=True, new_directories="listed")
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.count() == 1


def test_a_sign_in_started_before_the_switch_ends(contoso: Company, client: Client) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    Connection.objects.update(use_common_endpoint=True)
    response = contoso.come_back(client, url)
    assert (response.status_code, error_code(response)) == (400, "transaction_expired")
