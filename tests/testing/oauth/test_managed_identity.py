"""The local addresses of a machine's own token."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from azuread_connections.testing.oauth.assertions import EXCHANGE_APP
from tests.testing.contoso import Contoso, get
from tests.testing.oauth.test_assertions import ask, code_of

RESOURCE = "api://AzureADTokenExchange"
CLIENT_ID = "99992222-bbbb-3333-cccc-4444dddd5555"


def imds(contoso: Contoso, **changes: str) -> Any:
    query = {"api-version": "2018-02-01", "resource": RESOURCE} | changes
    url = f"{contoso.entra.url}/metadata/identity/oauth2/token"
    return get(url, params=query, headers={"Metadata": "true"})


@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
def test_a_machine_gets_its_token(contoso: Contoso, client_id: str | None) -> None:
    identity = contoso.entra.add_managed_identity(contoso.directory, client_id=client_id)
    asked = {"client_id": client_id} if client_id else {}
    document = imds(contoso, **asked).json()
    assert document["resource"] == RESOURCE
    assert document["expires_in"].isdigit()
    claims = jwt.decode(document["access_token"], options={"verify_signature": False})
    assert claims["iss"] == f"{contoso.entra.url}/{contoso.directory.tenant_id}/v2.0"
    assert claims["sub"] == identity.principal_id
    assert claims["aud"] == EXCHANGE_APP
    contoso.app.add_federated_credential(claims["iss"], identity.principal_id)
    assert ask(contoso, document["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("subject", "audience", "code"), [("another", RESOURCE, 7000226), ("", "api://x", 7000227)]
)
def test_an_identity_that_matches_no_rule_has_its_number(
    contoso: Contoso, subject: str, audience: str, code: int
) -> None:
    identity = contoso.entra.add_managed_identity(contoso.directory)
    issuer = f"{contoso.entra.url}/{contoso.directory.tenant_id}/v2.0"
    subject = subject or identity.principal_id
    contoso.app.add_federated_credential(issuer, subject, audience)
    assert code_of(ask(contoso, imds(contoso).json()["access_token"])) == code


def test_both_addresses_want_their_header(contoso: Contoso) -> None:
    contoso.entra.add_managed_identity(contoso.directory)
    url = f"{contoso.entra.url}/metadata/identity/oauth2/token"
    assert get(url, params={"resource": RESOURCE}).status_code == 400
    service = contoso.entra.identity_endpoint
    assert get(service, params={"resource": RESOURCE}).status_code == 401
    header = {"X-IDENTITY-HEADER": contoso.entra.identity_header}
    assert get(service, params={"resource": RESOURCE}, headers=header).status_code == 200


def test_an_unknown_identity_is_refused(contoso: Contoso) -> None:
    answer = imds(contoso)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_for_another_resource_is_for_that_one(contoso: Contoso) -> None:
    contoso.entra.add_managed_identity(contoso.directory)
    document = imds(contoso, resource="https://vault.azure.net").json()
    claims = jwt.decode(document["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://vault.azure.net"
