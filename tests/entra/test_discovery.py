from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.discovery import find_tenant_id
from azuread_connections.entra.errors import (
    DirectoryNotFound,
    MalformedResponse,
    MicrosoftError,
    OtherCloud,
    Unreachable,
)
from azuread_connections.entra.transport import Transport
from azuread_connections.testing import Directory, StandIn
from tests.field_cases import case


@pytest.fixture
def contoso(entra: StandIn) -> Directory:
    return entra.add_directory("contoso.com", domains=["contoso.net"])


# --- From a domain to its directory ---------------------------------------------------------------


def authority(entra: StandIn, tenant: str, version: str = V2) -> Authority:
    return Authority(CLOUDS["global"].moved(login_url=entra.url), tenant, version)


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("domain", ["contoso.com", "contoso.net", "contoso.onmicrosoft.com"])
def test_a_domains_directory_is_found_in_one_request(
    transport: Transport, entra: StandIn, contoso: Directory, domain: str, version: str
) -> None:
    where = authority(entra, domain, version)
    assert find_tenant_id(transport, where) == contoso.tenant_id
    assert [request.path for request in entra.requests] == [
        where.discovery_url.removeprefix(entra.url)
    ]


@pytest.mark.parametrize("version", [V1, V2])
def test_a_domain_that_microsoft_does_not_know_is_not_found(
    transport: Transport, entra: StandIn, version: str
) -> None:
    with pytest.raises(DirectoryNotFound) as caught:
        find_tenant_id(transport, authority(entra, "nowhere.example", version))
    assert caught.value.aadsts_code == 90002
    assert "nowhere.example" in str(caught.value)


@pytest.mark.parametrize("segment", ["common", "organizations"])
def test_the_global_endpoints_name_no_directory(
    transport: Transport, entra: StandIn, segment: str
) -> None:
    with pytest.raises(MalformedResponse, match="does not name one directory"):
        find_tenant_id(transport, authority(entra, segment))


ONE = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0"
TWO = "b9419818-09af-49c2-b0c3-653adc1f376e"


def document(issuer: object, token_endpoint: object) -> str:
    return json.dumps({"issuer": issuer, "token_endpoint": token_endpoint})


@pytest.mark.parametrize(
    "body",
    [
        document(f"https://login.microsoftonline.com/{ONE}/v2.0", f"https://x/{TWO}/token"),
        document(f"https://login.microsoftonline.com/{ONE}/v2.0", "https://x/common/token"),
        document("https://sts.windows.net/{tenantid}/", f"https://x/{ONE}/token"),
        document(f"https://login.microsoftonline.com/{ONE}/v2.0", None),
        document(None, f"https://x/{ONE}/token"),
        document(5, [f"https://x/{ONE}/token"]),
        document("", ""),
        document(ONE[:-1], ONE[:-1]),
        "{}",
        "[]",
        "<html></html>",
    ],
)
def test_a_document_that_names_two_directories_or_none_is_not_believed(
    transport: Transport, entra: StandIn, contoso: Directory, body: str
) -> None:
    entra.fault("discovery", body=body)
    with pytest.raises(MalformedResponse):
        find_tenant_id(transport, authority(entra, "contoso.com"))


def test_only_the_guid_is_taken_from_a_document_and_in_small_letters(
    transport: Transport, entra: StandIn, contoso: Directory
) -> None:
    body = document(f"https://evil.example/{ONE.upper()}/", f"https://evil.example/{ONE}/token")
    entra.fault("discovery", body=body)
    assert find_tenant_id(transport, authority(entra, "contoso.com")) == ONE


def test_a_good_document_with_a_bad_status_is_not_believed(
    transport: Transport, entra: StandIn, contoso: Directory
) -> None:
    entra.fault("discovery", status=400, body=document(f"https://x/{ONE}/", f"https://x/{ONE}/"))
    with pytest.raises(MicrosoftError):
        find_tenant_id(transport, authority(entra, "contoso.com"))


def test_a_directory_cannot_be_found_while_microsoft_is_down(
    transport: Transport, entra: StandIn, contoso: Directory
) -> None:
    entra.fault("discovery", status=503)
    with pytest.raises(Unreachable):
        find_tenant_id(transport, authority(entra, "contoso.com"))


# --- The directory's cloud ------------------------------------------------------------------------

F02 = case("F02")


@pytest.mark.parametrize("answer", F02["answers"], ids=lambda answer: answer["name"])
def test_f02_a_directory_of_another_cloud_is_not_this_clouds(
    transport: Transport, entra: StandIn, answer: dict[str, Any]
) -> None:
    entra.fault("discovery", body=json.dumps(answer["document"]))
    asked = authority(entra, "agency.example")
    assert asked.discovery_url.endswith(
        F02["asked"].removeprefix("https://login.microsoftonline.com")
    )
    assert asked.cloud.name == F02["cloud_of_the_connection"]
    if answer["expect"] == "pinned":
        assert find_tenant_id(transport, asked) in answer["document"]["issuer"]
    else:
        with pytest.raises(OtherCloud) as caught:
            find_tenant_id(transport, asked)
        assert caught.value.found == "usgov"
        assert caught.value.instance_name == "microsoftonline.us"


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("cloud", ["usgov", "dod", "china"])
def test_the_cloud_is_named(transport: Transport, entra: StandIn, cloud: Any, version: str) -> None:
    entra.add_directory("agency.example", cloud=cloud)
    with pytest.raises(OtherCloud) as caught:
        find_tenant_id(transport, authority(entra, "agency.example", version))
    assert caught.value.found == cloud
    assert isinstance(caught.value, DirectoryNotFound)


def test_gcc_is_in_the_global_cloud(transport: Transport, entra: StandIn) -> None:
    agency = entra.add_directory("agency.example", cloud="gcc")
    assert find_tenant_id(transport, authority(entra, "agency.example")) == agency.tenant_id


def test_a_directory_for_customers_is_not_pinned(transport: Transport, entra: StandIn) -> None:
    entra.add_directory("shop.example", cloud="external_id")
    with pytest.raises(OtherCloud) as caught:
        find_tenant_id(transport, authority(entra, "shop.example"))
    assert (caught.value.found, caught.value.instance_name) == ("external_id", "ciamlogin.com")


GLOBAL = "https://login.microsoftonline.com"
US = "https://login.microsoftonline.us"


def cloud_document(host: str, **members: object) -> str:
    addresses = {"issuer": f"{GLOBAL}/{ONE}/v2.0", "token_endpoint": f"{host}/{ONE}/token"}
    return json.dumps(addresses | members)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (cloud_document(US), "usgov"),
        (cloud_document("https://login.partner.microsoftonline.cn"), "china"),
        (cloud_document(US, cloud_instance_name="microsoftonline.com"), "usgov"),
        (cloud_document(GLOBAL, cloud_instance_name="MicrosoftOnline.US"), "usgov"),
        (cloud_document(GLOBAL, jwks_uri=f"{US}/keys"), "usgov"),
        (cloud_document(GLOBAL, cloud_instance_name="microsoftonline.de"), ""),
        (cloud_document(GLOBAL, cloud_instance_name="sovcloud-identity.fr"), ""),
        (cloud_document(f"https://{ONE}.ciamlogin.com"), "external_id"),
        (cloud_document("https://shop.b2clogin.com"), "b2c"),
        (cloud_document(GLOBAL, issuer=f"https://shop.b2clogin.com/{ONE}/v2.0/"), "b2c"),
    ],
)
def test_a_document_of_another_cloud_is_recognised_by_name_or_address(
    transport: Transport, entra: StandIn, body: str, found: str
) -> None:
    entra.fault("discovery", body=body)
    with pytest.raises(OtherCloud) as caught:
        find_tenant_id(transport, authority(entra, "contoso.com"))
    assert caught.value.found == found


@pytest.mark.parametrize(
    "body",
    [
        cloud_document(GLOBAL, cloud_instance_name=None),
        cloud_document(GLOBAL, cloud_instance_name=""),
        cloud_document("https://login.example.com", authorization_endpoint="https://[bad/"),
        cloud_document("https://notmicrosoftonline.us"),
    ],
)
def test_a_document_that_names_no_cloud_is_of_the_one_that_was_asked(
    transport: Transport, entra: StandIn, body: str
) -> None:
    entra.fault("discovery", body=body)
    assert find_tenant_id(transport, authority(entra, "contoso.com")) == ONE


def test_a_cloud_name_that_is_not_a_string_is_ignored(transport: Transport, entra: StandIn) -> None:
    entra.fault("discovery", body=cloud_document(GLOBAL, cloud_instance_name=["x"]))
    with pytest.raises(MalformedResponse):
        find_tenant_id(transport, authority(entra, "contoso.com"))


@pytest.mark.parametrize("cloud", ["usgov", "dod"])
def test_the_two_us_government_clouds_share_a_login_service(
    transport: Transport, entra: StandIn, cloud: str
) -> None:
    """The cloud of a directory matters only for Graph."""
    agency = entra.add_directory("agency.example", cloud="dod")
    asked = Authority(replace(CLOUDS[cloud], login_url=entra.url), "agency.example", V2)
    assert find_tenant_id(transport, asked) == agency.tenant_id


def test_a_global_directory_is_not_in_the_us_government_cloud(
    transport: Transport, entra: StandIn, contoso: Directory
) -> None:
    asked = Authority(replace(CLOUDS["usgov"], login_url=entra.url), "contoso.com", V2)
    with pytest.raises(OtherCloud) as caught:
        find_tenant_id(transport, asked)
    assert caught.value.found == "global"
