"""The device authorization endpoint: who gets codes, and what else is answered."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.models import DeviceAuthorization
from tests.company import Company
from tests.provider.devices import GRANT_TYPE, Device, ask
from tests.provider.relying_party import ISSUER, RelyingParty

pytestmark = pytest.mark.django_db

PATH = "/id/oauth/device/code"


@pytest.fixture
def server_client(portal: RelyingParty) -> RelyingParty:
    """A confidential client with the grant."""
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    return portal


def test_the_answer_has_what_rfc_8628_says(television: RelyingParty) -> None:
    response = ask(television)
    found = response.json()
    assert set(found) == {
        *("device_code", "user_code", "verification_uri", "verification_uri_complete"),
        *("expires_in", "interval"),
    }
    assert len(found["device_code"]) == 43  # 32 bytes
    assert found["verification_uri"] == f"{ISSUER}activate"
    assert found["verification_uri_complete"] == (
        f"{ISSUER}activate?user_code={found['user_code']}"
    )
    assert (found["expires_in"], found["interval"]) == (900, 5)
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/json"


def test_a_request_can_be_json(television: RelyingParty) -> None:
    body = {**television.credentials(), "scope": "openid"}
    response = Client().post(PATH, json.dumps(body), "application/json")
    assert response.status_code == 200
    assert DeviceAuthorization.objects.get().scope == "openid"


def test_a_confidential_client_authenticates_itself(server_client: RelyingParty) -> None:
    assert ask(server_client).status_code == 200
    basic = Client().post(
        PATH, {"scope": "openid"}, headers={"Authorization": server_client.basic()}
    )
    assert basic.status_code == 200
    for changes in ({"client_secret": None}, {"client_secret": "x" * 48}):
        response = ask(server_client, **changes)
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_client"
        assert response["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("client_id", [None, "", "nobody", "\x00"])
def test_an_unknown_client_gets_nothing(television: RelyingParty, client_id: str | None) -> None:
    response = ask(television, client_id=client_id)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert not DeviceAuthorization.objects.exists()


@pytest.mark.parametrize(
    ("application_type", "grant_types", "status"),
    [
        (Application.Type.NATIVE, [GRANT_TYPE], 200),
        (Application.Type.REGULAR_WEB, [GRANT_TYPE], 200),
        (Application.Type.NATIVE, ["authorization_code", "refresh_token"], 400),
        (Application.Type.SPA, [GRANT_TYPE, "authorization_code"], 400),
        (Application.Type.MACHINE_TO_MACHINE, [GRANT_TYPE, "client_credentials"], 400),
    ],
)
def test_the_grant_has_to_be_ticked_on_a_type_that_can_have_it(
    contoso: Company, application_type: str, grant_types: list[str], status: int
) -> None:
    party = RelyingParty.create(contoso, application_type=application_type, grant_types=grant_types)
    response = ask(party)
    assert response.status_code == status
    if status == 400:
        assert response.json() == {
            "error": "unauthorized_client",
            "error_description": f"Grant type '{GRANT_TYPE}' not allowed for the client.",
        }
        token = party.token(grant_type=GRANT_TYPE, device_code="x")
        assert token.json()["error"] == "unauthorized_client"


def test_no_type_has_the_grant_by_default() -> None:
    for grant_types in Application.DEFAULT_GRANT_TYPES.values():
        assert GRANT_TYPE not in grant_types


def test_unknown_scopes_are_ignored(television: RelyingParty) -> None:
    device = Device.ask(television, scope="openid nonsense openid")
    assert device.row().scopes == ["openid"]


@pytest.mark.parametrize("name", ["audience", "resource"])
def test_an_unknown_api_is_refused(television: RelyingParty, name: str) -> None:
    response = ask(television, **{name: "https://unknown.example/"})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_target"


def test_parameters_in_the_address_or_twice_are_refused(television: RelyingParty) -> None:
    client_id = television.client_id
    assert Client().post(f"{PATH}?scope=openid", {"client_id": client_id}).status_code == 400
    assert Client().post(PATH, {"client_id": [client_id, client_id]}).status_code == 400
    assert Client().get(PATH).status_code == 405


def test_scripts_of_the_clients_own_origins_may_read_the_answer(contoso: Company) -> None:
    party = RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        grant_types=[GRANT_TYPE],
        web_origins=["https://tv.example"],
    )
    for origin, allowed in (
        ("https://tv.example", "https://tv.example"),
        ("https://x.example", None),
    ):
        response = Client().post(PATH, party.credentials(), headers={"Origin": origin})
        assert response.get("Access-Control-Allow-Origin") == allowed
    preflight = Client().options(PATH, headers={"Origin": "https://tv.example"})
    assert preflight["Access-Control-Allow-Methods"] == "POST, OPTIONS"


def test_the_row_knows_where_the_request_came_from(television: RelyingParty) -> None:
    Client(REMOTE_ADDR="192.0.2.7").post(
        PATH, television.credentials(), headers={"User-Agent": "curl/8.14.1"}
    )
    row = DeviceAuthorization.objects.get()
    assert (row.address, row.program) == ("192.0.2.7", "curl")


def test_the_address_is_the_trusted_proxys_word(television: RelyingParty, settings: object) -> None:
    headers = {"X-Forwarded-For": "198.51.100.1, 198.51.100.2"}
    Client(REMOTE_ADDR="10.0.0.1").post(PATH, television.credentials(), headers=headers)
    assert DeviceAuthorization.objects.get().address == "10.0.0.1"
    DeviceAuthorization.objects.all().delete()
    conf = settings.AZUREAD_CONNECTIONS  # type: ignore[attr-defined]
    settings.AZUREAD_CONNECTIONS = conf | {"TRUSTED_PROXIES": 1}  # type: ignore[attr-defined]
    Client(REMOTE_ADDR="10.0.0.1").post(PATH, television.credentials(), headers=headers)
    assert DeviceAuthorization.objects.get().address == "198.51.100.2"
