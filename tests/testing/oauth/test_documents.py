from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
import pytest

from azuread_connections.testing import StandIn
from azuread_connections.testing.clouds import CloudName
from tests.testing.contoso import Contoso, get

V2 = "v2.0/.well-known/openid-configuration"
V1 = ".well-known/openid-configuration"


@pytest.mark.parametrize("segment", ["contoso.com", "CONTOSO.net", "contoso.onmicrosoft.com"])
def test_a_domain_is_resolved_to_the_directory_guid(contoso: Contoso, segment: str) -> None:
    answer = get(f"{contoso.entra.url}/{segment}/{V2}")
    document = answer.json()
    base = f"{contoso.entra.url}/{contoso.directory.tenant_id}"
    assert document["issuer"] == f"{base}/v2.0"
    assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert document["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"
    assert document["jwks_uri"] == f"{base}/discovery/v2.0/keys"
    assert answer.headers["Cache-Control"] == "max-age=86400, private"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_guid_in_capitals_is_the_same_directory(contoso: Contoso) -> None:
    document = get(f"{contoso.entra.url}/{contoso.directory.tenant_id.upper()}/{V2}").json()
    assert contoso.directory.tenant_id in document["issuer"]


def test_v1_keeps_its_issuer_on_the_other_host(contoso: Contoso) -> None:
    document = get(f"{contoso.entra.url}/contoso.com/{V1}").json()
    assert document["issuer"] == f"https://sts.windows.net/{contoso.directory.tenant_id}/"
    assert document["jwks_uri"] == f"{contoso.entra.url}/common/discovery/keys"
    assert document["scopes_supported"] == ["openid"]


@pytest.mark.parametrize("version", [V1, V2])
def test_what_microsoft_does_not_advertise_is_absent(contoso: Contoso, version: str) -> None:
    document = get(f"{contoso.entra.url}/contoso.com/{version}").json()
    assert not document.keys() & {
        "code_challenge_methods_supported",
        "grant_types_supported",
        "authorization_response_iss_parameter_supported",
        "backchannel_logout_supported",
    }


@pytest.mark.parametrize(
    ("path", "issuer"),
    [
        (f"common/{V2}", "{url}/{{tenantid}}/v2.0"),
        (f"organizations/{V2}", "{url}/{{tenantid}}/v2.0"),
        (f"common/{V1}", "https://sts.windows.net/{{tenantid}}/"),
        (f"consumers/{V2}", "{url}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
    ],
)
def test_global_endpoints_answer_the_template_issuer(
    entra: StandIn, path: str, issuer: str
) -> None:
    document = get(f"{entra.url}/{path}").json()
    assert document["issuer"] == issuer.format(url=entra.url)
    assert document["tenant_region_scope"] is None


def test_an_app_with_its_own_key_gets_its_own_key_document(contoso: Contoso) -> None:
    url = f"{contoso.entra.url}/contoso.com/{V2}?appid={contoso.app.client_id}"
    assert get(url).json()["jwks_uri"].endswith(f"/keys?appid={contoso.app.client_id}")


def test_an_unknown_directory_is_refused_with_microsofts_body(entra: StandIn) -> None:
    sent = "5f4a9b1c-3a52-4d6f-9f3e-2c1b0a9d8e7f"
    answer = get(f"{entra.url}/tailspintoys.com/{V2}", headers={"client-request-id": sent})
    body = answer.json()
    assert answer.status_code == 400
    assert body["error"] == "invalid_tenant"
    assert body["error_codes"] == [90002]
    assert body["error_description"].startswith("AADSTS90002: Tenant 'tailspintoys.com' not found.")
    assert body["correlation_id"] == sent
    assert body["trace_id"] in body["error_description"]
    assert body["error_uri"] == f"{entra.url}/error?code=90002"


def test_the_address_is_shown_as_the_client_wrote_it(contoso: Contoso) -> None:
    url = contoso.entra.url.replace("127.0.0.1", "localhost")
    assert get(f"{url}/contoso.com/{V2}").json()["issuer"].startswith(f"{url}/")


def test_a_foreign_host_header_does_not_get_into_the_document(contoso: Contoso) -> None:
    url = f"{contoso.entra.url}/contoso.com/{V2}"
    document = get(url, headers={"Host": "login.fabrikam.com"}).json()
    assert document["issuer"].startswith(f"{contoso.entra.url}/")


def test_keys_are_named_by_their_certificate_and_say_no_algorithm(contoso: Contoso) -> None:
    keys = get(f"{contoso.entra.url}/{contoso.directory.tenant_id}/discovery/v2.0/keys").json()
    assert len(keys["keys"]) >= 3
    for key in keys["keys"]:
        thumbprint = hashlib.sha1(base64.b64decode(key["x5c"][0])).digest()
        named = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
        assert key["kid"] == key["x5t"] == named
        assert "alg" not in key
        assert key["issuer"] == f"{contoso.entra.url}/{{tenantid}}/v2.0"
        assert key["cloud_instance_name"] == "microsoftonline.com"


@pytest.mark.parametrize("segment", ["common", "contoso.com"])
def test_v1_keys_say_no_issuer(contoso: Contoso, segment: str) -> None:
    for key in get(f"{contoso.entra.url}/{segment}/discovery/keys").json()["keys"]:
        assert not key.keys() & {"alg", "issuer", "cloud_instance_name"}


def kids(entra: StandIn) -> set[str]:
    return {key["kid"] for key in get(f"{entra.url}/common/discovery/keys").json()["keys"]}


def test_a_rolled_key_joins_the_old_ones(entra: StandIn) -> None:
    before = kids(entra)
    new = entra.rotate_keys()
    assert new not in before
    assert kids(entra) == before | {new}


def test_after_a_leak_the_old_keys_vanish(entra: StandIn) -> None:
    before = kids(entra)
    new = entra.rotate_keys(keep_old=False)
    after = kids(entra)
    assert new in after
    assert not after & before
    assert len(after) > 1


def test_reset_brings_the_first_keys_back(entra: StandIn) -> None:
    before = kids(entra)
    entra.rotate_keys(keep_old=False)
    entra.reset()
    assert kids(entra) == before


# --- An app's own key, and other clouds -----------------------------------------------------------


@pytest.mark.parametrize("path", ["discovery/keys", "discovery/v2.0/keys"])
def test_an_apps_own_key_is_published_with_its_client_id_only(contoso: Contoso, path: str) -> None:
    url = f"{contoso.entra.url}/contoso.com/{path}"
    ordinary = get(url).json()
    assert get(f"{url}?appid={contoso.app.client_id}").json() == ordinary
    kid = contoso.entra.rotate_app_key(contoso.app)
    [own] = get(f"{url}?appid={contoso.app.client_id.upper()}").json()["keys"]
    assert own["kid"] == kid
    assert own["n"] == contoso.entra.public_jwk(kid)["n"]
    assert get(url).json() == ordinary
    assert get(f"{url}?appid=another").json() == ordinary


def test_an_apps_own_key_signs_its_tokens(contoso: Contoso) -> None:
    kid = contoso.entra.rotate_app_key(contoso.app)
    token = contoso.entra.mint_id_token(contoso.directory, contoso.app, contoso.person)
    assert jwt.get_unverified_header(token)["kid"] == kid
    other = contoso.entra.mint_id_token(
        contoso.directory, contoso.directory.add_app(), contoso.person
    )
    assert jwt.get_unverified_header(other)["kid"] == contoso.entra.public_jwk()["kid"]
    assert contoso.entra.rotate_app_key(contoso.app) != kid


@pytest.mark.parametrize(
    ("cloud", "host", "name", "scope", "sub_scope"),
    [
        ("gcc", "", "microsoftonline.com", "NA", "GCC"),
        ("usgov", "https://login.microsoftonline.us", "microsoftonline.us", "USGov", "DODCON"),
        ("dod", "https://login.microsoftonline.us", "microsoftonline.us", "USGov", "DOD"),
    ],
)
def test_a_directory_of_another_cloud_names_that_clouds_addresses(
    entra: StandIn, cloud: CloudName, host: str, name: str, scope: str, sub_scope: str
) -> None:
    agency = entra.add_directory("agency.example", cloud=cloud)
    document = get(f"{entra.url}/agency.example/{V2}").json()
    base = f"{host or entra.url}/{agency.tenant_id}"
    assert document["issuer"] == f"{base}/v2.0"
    assert document["jwks_uri"] == f"{base}/discovery/v2.0/keys"
    assert document["cloud_instance_name"] == name
    assert document["tenant_region_scope"] == scope
    assert document["tenant_region_sub_scope"] == sub_scope
    # v1.0 names the cloud, too, but keeps the requested address.
    document = get(f"{entra.url}/agency.example/{V1}").json()
    assert document["token_endpoint"] == f"{entra.url}/{agency.tenant_id}/oauth2/token"
    assert document["cloud_instance_name"] == name


def test_a_stand_in_of_another_cloud_names_it_in_its_keys_and_documents(entra: StandIn) -> None:
    entra.cloud = "usgov"
    agency, company = (
        entra.add_directory("agency.example"),
        entra.add_directory("contoso.com", cloud="global"),
    )
    assert agency.cloud == "usgov"
    for key in get(f"{entra.url}/common/discovery/v2.0/keys").json()["keys"]:
        assert key["cloud_instance_name"] == "microsoftonline.us"
    document = get(f"{entra.url}/agency.example/{V2}").json()
    assert document["issuer"] == f"{entra.url}/{agency.tenant_id}/v2.0"
    document = get(f"{entra.url}/contoso.com/{V2}").json()
    assert document["issuer"] == f"https://login.microsoftonline.com/{company.tenant_id}/v2.0"
    entra.reset()
    assert entra.cloud == "global"


def test_a_directory_for_customers_has_its_own_host(entra: StandIn) -> None:
    shop = entra.add_directory("shop.example", cloud="external_id")
    document = get(f"{entra.url}/shop.example/{V2}").json()
    host = f"https://{shop.tenant_id}.ciamlogin.com"
    assert document["issuer"] == f"{host}/{shop.tenant_id}/v2.0"


def test_a_cloud_that_does_not_exist_is_refused(entra: StandIn) -> None:
    nowhere: Any = "moon"
    with pytest.raises(ValueError, match="cloud must be one of global, gcc, usgov"):
        entra.add_directory("agency.example", cloud=nowhere)
