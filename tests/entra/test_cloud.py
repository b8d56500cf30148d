"""The addresses are written in full: a table that builds them would share the code's errors."""

from __future__ import annotations

import pytest

from azuread_connections.entra.cloud import (
    CLOUDS,
    COMMON,
    ORGANIZATIONS,
    PERSONAL_TENANT_ID,
    V1,
    V2,
    Authority,
    check_issuers,
)
from azuread_connections.entra.errors import IssuerMismatch

TENANT = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0"

GLOBAL = "https://login.microsoftonline.com"
US = "https://login.microsoftonline.us"
CHINA = "https://login.partner.microsoftonline.cn"
V1_ISSUER = f"https://sts.windows.net/{TENANT}/"
V1_ISSUER_CHINA = f"https://sts.chinacloudapi.cn/{TENANT}/"


@pytest.mark.parametrize(
    ("cloud", "login_url", "graph_url"),
    [
        ("global", GLOBAL, "https://graph.microsoft.com"),
        ("usgov", US, "https://graph.microsoft.us"),
        ("dod", US, "https://dod-graph.microsoft.us"),
        ("china", CHINA, "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_every_cloud_has_its_hosts(cloud: str, login_url: str, graph_url: str) -> None:
    assert CLOUDS[cloud].name == cloud
    assert CLOUDS[cloud].login_url == login_url
    assert CLOUDS[cloud].graph_url == graph_url
    assert CLOUDS[cloud].graph_resource == graph_url


def test_microsofts_own_words_are_spelled_as_microsoft_spells_them() -> None:
    assert (V1, V2) == ("v1.0", "v2.0")
    assert (COMMON, ORGANIZATIONS) == ("common", "organizations")
    assert PERSONAL_TENANT_ID == "9188040d-6c67-4c5b-b112-36a304b66dad"


def test_germanys_closed_cloud_is_not_supported() -> None:
    assert not [cloud for cloud in CLOUDS.values() if cloud.login_url.endswith(".de")]


@pytest.mark.parametrize(
    ("cloud", "host"), [("global", GLOBAL), ("usgov", US), ("dod", US), ("china", CHINA)]
)
def test_the_v2_endpoints_of_every_cloud(cloud: str, host: str) -> None:
    authority = Authority(CLOUDS[cloud], TENANT, V2)
    assert authority.discovery_url == f"{host}/{TENANT}/v2.0/.well-known/openid-configuration"
    assert authority.authorize_url == f"{host}/{TENANT}/oauth2/v2.0/authorize"
    assert authority.token_url == f"{host}/{TENANT}/oauth2/v2.0/token"
    assert authority.logout_url == f"{host}/{TENANT}/oauth2/v2.0/logout"
    assert authority.keys_url == f"{host}/{TENANT}/discovery/v2.0/keys"
    assert authority.admin_consent_url == f"{host}/{TENANT}/v2.0/adminconsent"
    assert authority.issuer(TENANT) == f"{host}/{TENANT}/v2.0"


@pytest.mark.parametrize(
    ("cloud", "host", "issuer"),
    [
        ("global", GLOBAL, V1_ISSUER),
        ("usgov", US, V1_ISSUER),
        ("dod", US, V1_ISSUER),
        ("china", CHINA, V1_ISSUER_CHINA),
    ],
)
def test_the_v1_endpoints_of_every_cloud(cloud: str, host: str, issuer: str) -> None:
    authority = Authority(CLOUDS[cloud], TENANT, V1)
    assert authority.discovery_url == f"{host}/{TENANT}/.well-known/openid-configuration"
    assert authority.authorize_url == f"{host}/{TENANT}/oauth2/authorize"
    assert authority.token_url == f"{host}/{TENANT}/oauth2/token"
    assert authority.logout_url == f"{host}/{TENANT}/oauth2/logout"
    assert authority.keys_url == f"{host}/common/discovery/keys"
    assert authority.admin_consent_url == f"{host}/{TENANT}/adminconsent"
    assert authority.issuer(TENANT) == issuer


@pytest.mark.parametrize("segment", ["contoso.com", "common", "organizations"])
def test_the_issuer_names_the_directory_and_not_the_segment_of_the_addresses(segment: str) -> None:
    authority = Authority(CLOUDS["global"], segment, V2)
    assert authority.token_url == f"{GLOBAL}/{segment}/oauth2/v2.0/token"
    assert authority.issuer(TENANT) == f"{GLOBAL}/{TENANT}/v2.0"


def test_a_moved_cloud_has_its_endpoints_and_v2_issuer_on_the_new_host() -> None:
    moved = CLOUDS["global"].moved(
        login_url="http://127.0.0.1:8001", graph_url="http://127.0.0.1:8001/graph"
    )
    v2 = Authority(moved, TENANT, V2)
    assert v2.token_url == f"http://127.0.0.1:8001/{TENANT}/oauth2/v2.0/token"
    assert v2.issuer(TENANT) == f"http://127.0.0.1:8001/{TENANT}/v2.0"
    assert moved.graph_url == "http://127.0.0.1:8001/graph"
    # Graph's resource ID does not change: it is a name, not an address.
    assert moved.graph_resource == "https://graph.microsoft.com"


def test_a_moved_cloud_keeps_its_v1_issuer_which_is_on_no_login_host() -> None:
    moved = CLOUDS["global"].moved(login_url="http://127.0.0.1:8001")
    assert Authority(moved, TENANT, V1).issuer(TENANT) == V1_ISSUER


def test_a_cloud_moved_nowhere_stays_where_it_is() -> None:
    assert CLOUDS["china"].moved() == CLOUDS["china"]
    only_graph = CLOUDS["china"].moved(graph_url="http://127.0.0.1:8001")
    assert only_graph.login_url == CHINA


# The issuer that an answer names (RFC 9207)


@pytest.mark.parametrize(
    ("cloud", "version", "named"),
    [
        ("global", V1, V1_ISSUER),
        ("global", V2, f"{GLOBAL}/{TENANT}/v2.0"),
        ("usgov", V2, f"{US}/{TENANT}/v2.0"),
        ("china", V1, V1_ISSUER_CHINA),
        ("china", V2, f"{CHINA}/{TENANT}/v2.0"),
    ],
)
@pytest.mark.parametrize("tenant_id", [TENANT, None])
def test_the_issuer_of_the_authority_is_right(
    cloud: str, version: str, named: str, tenant_id: str | None
) -> None:
    authority = Authority(CLOUDS[cloud], COMMON, version)
    check_issuers(authority, [named, named], tenant_id=tenant_id)
    check_issuers(authority, [], tenant_id=tenant_id)


@pytest.mark.parametrize(
    ("version", "named"),
    [
        (V2, V1_ISSUER),
        (V1, f"{GLOBAL}/{TENANT}/v2.0"),
        (V2, f"{US}/{TENANT}/v2.0"),
        (V1, V1_ISSUER_CHINA),
        (V2, f"{GLOBAL}/{TENANT}/v2.0/"),
        (V2, f"{GLOBAL}/{TENANT.upper()}/v2.0"),
        (V2, f"{GLOBAL}/{TENANT}{TENANT}/v2.0"),
        (V2, f"{GLOBAL}/common/v2.0"),
        (V2, f"{GLOBAL}/{{tenantid}}/v2.0"),
        (V2, "https://login.example.net/"),
        (V2, TENANT),
        (V2, "\x00"),
    ],
)
@pytest.mark.parametrize("tenant_id", [TENANT, None])
def test_any_other_issuer_is_a_mismatch(version: str, named: str, tenant_id: str | None) -> None:
    authority = Authority(CLOUDS["global"], COMMON, version)
    right = authority.issuer(TENANT)
    for issuers in ([named], [right, named], [named, right]):
        with pytest.raises(IssuerMismatch, match="RFC 9207"):
            check_issuers(authority, issuers, tenant_id=tenant_id)


def test_where_the_directory_is_known_anothers_issuer_is_a_mismatch() -> None:
    authority = Authority(CLOUDS["global"], TENANT, V2)
    other = authority.issuer("b9419818-09af-49c2-b0c3-653adc1f376e")
    with pytest.raises(IssuerMismatch):
        check_issuers(authority, [other], tenant_id=TENANT)
    check_issuers(authority, [other], tenant_id=None)


def test_a_long_issuer_is_cut_in_the_message() -> None:
    authority = Authority(CLOUDS["global"], TENANT, V2)
    with pytest.raises(IssuerMismatch) as caught:
        check_issuers(authority, ["x" * 100_000], tenant_id=TENANT)
    assert len(str(caught.value)) < 300


# Addresses and names that the documents have


@pytest.mark.parametrize(
    ("api", "tenant", "path"),
    [
        (V2, TENANT, f"{TENANT}/discovery/v2.0/keys"),
        # The directory's keys of v1.0 have one address for all; a registration's own have not.
        (V1, TENANT, f"{TENANT}/discovery/keys"),
        (V2, "common", "common/discovery/v2.0/keys"),
    ],
)
def test_a_registrations_own_keys_are_at_the_keys_address_with_its_client_id(
    api: str, tenant: str, path: str
) -> None:
    authority = Authority(CLOUDS["global"], tenant, api)
    assert authority.app_keys_url("a b") == f"{GLOBAL}/{path}?appid=a+b"


@pytest.mark.parametrize(
    ("cloud", "name"),
    [
        ("global", "microsoftonline.com"),
        ("usgov", "microsoftonline.us"),
        ("dod", "microsoftonline.us"),
        ("china", "partner.microsoftonline.cn"),
    ],
)
def test_every_cloud_has_the_name_that_its_documents_give_it(cloud: str, name: str) -> None:
    assert CLOUDS[cloud].instance_name == name
    assert CLOUDS[cloud].moved(login_url="http://127.0.0.1:8001").instance_name == name
