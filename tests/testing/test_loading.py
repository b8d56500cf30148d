from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from azuread_connections.testing import StandIn
from azuread_connections.testing.loading import DataError, load

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


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "data must be an object"),
        ({"tenants": []}, "data: unknown key 'tenants'"),
        ({"directories": {}}, "data: 'directories' must be a list"),
        ({"directories": [1]}, r"directories\[0\] must be an object"),
        ({"directories": [{}]}, r"directories\[0\]: 'domain' is missing"),
        (contoso(tenant_id="x"), r"directories\[0\]: tenant_id must be a GUID"),
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
