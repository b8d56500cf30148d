from __future__ import annotations

import json

import pytest

from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.discovery import find_tenant_id
from azuread_connections.entra.errors import (
    DirectoryNotFound,
    MalformedAnswer,
    MicrosoftError,
    OtherCloud,
    Unreachable,
)
from azuread_connections.entra.transport import Transport
from azuread_connections.testing import Directory, StandIn


@pytest.fixture
def contoso(entra: StandIn) -> Directory:
    return entra.add_directory("contoso.com", domains=["contoso.net"])


# --- From a domain to its directory ---------------------------------------------------------------


def authority(entra: StandIn, tenant: str, version: str = V2) -> Authority:
    return Authority(CLOUDS["global"].moved(login_url=entra.url), tenant, version)


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("domain", ["contoso.com", "contoso.net", "contoso.onmicrosoft.com"])
def test_a_domain_leads_to_its_directory_in_one_request(
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
    with pytest.raises(MalformedAnswer, match="does not name one directory"):
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
    with pytest.raises(MalformedAnswer):
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
