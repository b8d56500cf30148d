"""Node.js clients in their strictest modes: over TLS, with every optional check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azuread_connections.models import Application
from azuread_connections.provider.models import API, ClientGrant
from tests.company import Company
from tests.provider.clients.person import Person
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
AUDIENCE = "https://api.example.com/"


@pytest.fixture(autouse=True)
def microsoft_says_when(contoso: Company) -> None:
    """Give the app registration the optional claim that ``max_age`` needs."""
    contoso.app.optional_claims += ["auth_time"]


def test_openid_client_accepts_every_answer(
    site: Site, person: Person, portal: RelyingParty, run_script: Callable[..., dict[str, Any]]
) -> None:
    found = run_script(
        "openid_client.mjs", portal, lambda url: person.open(url, until=portal.callback)
    )

    assert found["claims"]["iss"] == site.issuer
    assert found["claims"]["name"] == "Adele Vance"
    assert found["userinfo"]["email"] == "adele.vance@contoso.com"
    assert found["introspected"]["active"] is True
    assert found["rotated"]
    assert found["revoked"] == {"active": False}
    assert found["refused"] == "invalid_grant"
    assert found["machine"] == "bearer"
    assert found["logout"].startswith(f"{site.issuer}oidc/logout?")


def test_oauth4webapi_accepts_every_answer(
    site: Site, person: Person, portal: RelyingParty, run_script: Callable[..., dict[str, Any]]
) -> None:
    api = API._default_manager.create(
        identifier=AUDIENCE, name="Orders", scopes={"read:orders": "see your orders"}
    )
    ClientGrant._default_manager.create(client=portal.client, api=api, scope="read:orders")

    found = run_script(
        "oauth4webapi.mjs",
        portal,
        lambda url: person.open(url, until=portal.callback),
        audience=AUDIENCE,
    )

    assert found["same"]
    assert found["userinfo"]["sub"] == found["sub"]
    assert found["api"]["sub"] == found["sub"]
    assert "read:orders" in found["api"]["scope"]
    assert found["machine"]["sub"] == portal.client_id
    assert found["machine"]["scope"] == "read:orders"
    assert found["introspected"]["active"] is True
    assert found["revoked"] == {"active": False}
    assert found["replayed"] == "invalid_grant"


def test_openid_client_signs_a_person_in_on_a_device(
    site: Site, contoso: Company, person: Person, run_script: Callable[..., dict[str, Any]]
) -> None:
    party = RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        grant_types=[DEVICE_CODE, "refresh_token"],
    )

    def confirm(url: str) -> str:
        answer = person.answer(url, "allow")
        assert "The device is signed in" in answer.text
        return url

    found = run_script("device.mjs", party, confirm)

    assert found["uri"] == f"{site.url}/activate"
    assert found["claims"]["name"] == "Adele Vance"
    assert found["rotated"]
