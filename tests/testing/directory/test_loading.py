from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.loading import DataError, load

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


def contoso(**changes: Any) -> dict[str, Any]:
    return {"directories": [{"domain": "contoso.com", **changes}]}


def test_a_whole_file_is_loaded(entra: StandIn) -> None:
    data = contoso(
        name="Contoso Ltd",
        tenant_id=TENANT,
        domains=["contoso.com", "contoso.net"],
        people=[
            {"name": "Megan Bowen", "mail": None, "enabled": False, "claims": {"acct": 0}},
            {"name": "Alex Wilber", "upn": "alex@fabrikam.com", "guest": True},
        ],
        applications=[
            {
                "client_id": CLIENT,
                "redirect_uris": ["http://localhost/cb"],
                "multi_tenant": True,
                "platform": "spa",
                "secrets": [{"value": "v", "expires_at": "2027-01-31", "key_id": "k"}],
            },
            {"client_id": TENANT},
        ],
    )
    data["directories"].append({"domain": "fabrikam.com"})
    load(entra, data)
    directory, fabrikam = entra.directories
    assert (directory.name, directory.tenant_id) == ("Contoso Ltd", TENANT)
    assert directory.domains == ("contoso.com", "contoso.net", "contoso.onmicrosoft.com")
    megan, alex = directory.people
    assert (megan.upn, megan.mail, megan.enabled) == ("megan.bowen@contoso.com", None, False)
    assert megan.claims == {"acct": 0}
    assert alex.home is fabrikam
    assert alex.upn == "alex_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    app, bare = directory.apps
    assert (app.platform, app.multi_tenant) == ("spa", True)
    [secret] = app.secrets
    assert secret.expires_at == datetime(2027, 1, 31, tzinfo=UTC).timestamp()
    assert bare.secrets == []


def test_groups_permissions_and_personal_accounts_are_loaded(entra: StandIn) -> None:
    data = contoso(
        people=[
            {"name": "Adele Vance", "admin": True, "graph": {"jobTitle": "Retail Manager"}},
            {"name": "Megan Bowen"},
        ],
        groups=[
            {"name": "Everybody", "groups": ["Retail"], "members": ["megan.bowen@contoso.com"]},
            {"name": "Retail", "object_id": TENANT, "members": ["adele.vance@contoso.com"]},
            {"name": "Club", "security": False, "description": "After work"},
        ],
        applications=[
            {
                "client_id": CLIENT,
                "multi_tenant": True,
                "delegated": ["User.Read", "GroupMember.Read.All"],
                "application": ["User.Read.All"],
                "consented": False,
                "granted_in": ["fabrikam.com"],
                "personal_accounts": True,
                "group_membership_claims": "SecurityGroup",
                "optional_claims": ["sid"],
                "frontchannel_logout_url": "https://portal.contoso.com/logged-out",
                "own_signing_key": True,
                "roles": [
                    {"value": "Orders.Read", "members": ["Retail", "megan.bowen@contoso.com"]},
                    {"value": "Orders.Approve", "members": ["megan.bowen@contoso.com"]},
                ],
            }
        ],
    )
    data["directories"].append({"domain": "fabrikam.com", "cloud": "gcc"})
    data["personal_accounts"] = [{"name": "Grady Archie", "mail": "grady@outlook.com"}]
    load(entra, data)
    directory, fabrikam = entra.directories
    adele, megan = directory.people
    everybody, retail, club = directory.groups
    assert adele.admin
    assert adele.graph == {"jobTitle": "Retail Manager"}
    assert retail.object_id == TENANT
    assert adele.all_groups == [retail, everybody]
    assert megan.groups == [everybody]
    assert (club.security, club.description) == (False, "After work")
    [app] = directory.apps
    assert app.roles_of(adele) == ["Orders.Read"]
    assert app.roles_of(megan) == ["Orders.Read", "Orders.Approve"]
    assert app.granted_delegated(directory) == set()
    assert app.granted_application(fabrikam) == {"User.Read.All"}
    assert app.group_membership_claims == "SecurityGroup"
    assert app.frontchannel_logout_url == "https://portal.contoso.com/logged-out"
    token = entra.mint_id_token(directory, app, adele)
    assert jwt.get_unverified_header(token)["kid"] != entra.public_jwk()["kid"]
    assert (directory.cloud, fabrikam.cloud) == ("global", "gcc")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "data must be an object"),
        ({"tenants": []}, "data: unknown key 'tenants'"),
        ({"directories": {}}, "data: 'directories' must be a list"),
        ({"directories": [1]}, r"directories\[0\] must be an object"),
        ({"directories": [{}]}, r"directories\[0\]: 'domain' is missing"),
        (contoso(tenant_id="x"), r"directories\[0\]: tenant_id must be a GUID"),
        (contoso(cloud="moon"), r"directories\[0\]: cloud must be one of global, gcc"),
        (contoso(domains=[1]), r"directories\[0\]: 'domains' must be a list of texts"),
        (
            contoso(people=[{"name": "Lynne Robbins", "emial": "x"}]),
            r"directories\[0\]\.people\[0\]: unknown key 'emial'",
        ),
        (
            contoso(people=[{"name": "Lynne Robbins", "guest": "no"}]),
            r"directories\[0\]\.people\[0\]: 'guest' must be true or false",
        ),
        (
            contoso(people=[{"name": "A", "upn": "a@contoso.com"}] * 2),
            r"directories\[0\]\.people\[1\]: contoso.com already has the person a@contoso.com",
        ),
        (
            contoso(groups=[{"name": "Retail", "members": ["nobody"]}]),
            r"directories\[0\]\.groups\[0\]: there is no person 'nobody'",
        ),
        (
            contoso(groups=[{"name": "Retail", "groups": ["Legal"]}]),
            r"directories\[0\]\.groups\[0\]: there is no group 'Legal'",
        ),
        (
            contoso(people=[{"name": "Lee Gu", "graph": {"title": "x"}}]),
            r"directories\[0\]\.people\[0\]: a user in Microsoft Graph has no property 'title'",
        ),
        (
            contoso(applications=[{"client_id": CLIENT, "delegated": ["User.Reed"]}]),
            r"directories\[0\]\.applications\[0\]: Microsoft Graph has no permission 'User.Reed'",
        ),
        (
            contoso(applications=[{"client_id": CLIENT, "granted_in": ["fabrikam.com"]}]),
            r"directories\[0\]\.applications\[0\]: there is no directory 'fabrikam.com'",
        ),
        (
            contoso(applications=[{"client_id": CLIENT, "group_membership_claims": "Some"}]),
            r"directories\[0\]\.applications\[0\]: 'group_membership_claims' must be one of",
        ),
        (
            contoso(applications=[{"client_id": CLIENT, "platform": "ios"}]),
            r"directories\[0\]\.applications\[0\]: 'platform' must be one of web, spa",
        ),
        (
            contoso(
                applications=[{"client_id": CLIENT, "secrets": [{"value": "v", "expires_at": "x"}]}]
            ),
            r"directories\[0\]\.applications\[0\]\.secrets\[0\]: 'expires_at' must be an ISO",
        ),
    ],
)
def test_bad_data_is_named_by_entry_and_key(entra: StandIn, data: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(entra, data)


def test_openids_own_scopes_may_be_listed_as_for_v1(entra: StandIn) -> None:
    delegated = ["openid", "profile", "email", "offline_access", "User.Read"]
    load(entra, contoso(applications=[{"client_id": CLIENT, "delegated": delegated}]))
    [app] = entra.directories[0].apps
    assert list(app.delegated) == ["User.Read"]
