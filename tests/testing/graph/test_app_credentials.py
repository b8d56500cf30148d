"""Changes of a registration's credentials at the stand-in, as a program of its own sends them."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from azuread_connections.testing.directory.credentials import Propagation
from tests.keys import certificate_of, key_pair, rsa_key
from tests.testing.contoso import Contoso, post
from tests.testing.graph.test_service import Graph, error

OWNED_BY = "Application.ReadWrite.OwnedBy"
AUDIENCE = "00000002-0000-0000-c000-000000000000"


@pytest.fixture
def graph(contoso: Contoso) -> Graph:
    contoso.app.grant(contoso.directory, application=[OWNED_BY])
    contoso.app.add_certificate(key_pair().certificate)
    return Graph(contoso)


def act(graph: Graph, action: str, body: Any) -> requests.Response:
    path = f"/applications/{graph.contoso.app.object_id}/{action}"
    return graph.post(path, body, graph.apps_token())


def proof(graph: Graph, number: int = 0, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "aud": AUDIENCE,
        "iss": graph.contoso.app.object_id,
        "nbf": now,
        "exp": now + 600,
    } | changes
    return jwt.encode(claims, rsa_key(number), "RS256")


def der(certificate: x509.Certificate | None = None) -> str:
    chosen = certificate or certificate_of(rsa_key(1))
    return base64.b64encode(chosen.public_bytes(Encoding.DER)).decode()


def new_key(graph: Graph, proved: str = "", **changes: Any) -> dict[str, Any]:
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": der()} | changes
    return {"keyCredential": key, "passwordCredential": None, "proof": proved or proof(graph)}


def token_with(contoso: Contoso, secret: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": contoso.app.client_id,
        "client_secret": secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    return post(contoso.path("token"), form)


def test_a_new_secret_is_named_once_and_works(graph: Graph) -> None:
    ends = (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"passwordCredential": {"displayName": "portal", "endDateTime": ends}}
    made = act(graph, "addPassword", wanted).json()
    assert (made["displayName"], made["endDateTime"]) == ("portal", ends)
    assert made["hint"] == made["secretText"][:3]
    assert token_with(graph.contoso, made["secretText"]).status_code == 200
    path = f"/applications(appId='{graph.contoso.app.client_id}')"
    listed = graph.get(path, graph.apps_token()).json()["passwordCredentials"]
    assert [each["secretText"] for each in listed] == [None, None]
    assert listed[1]["keyId"] == made["keyId"]
    assert act(graph, "removePassword", {"keyId": made["keyId"]}).status_code == 204
    assert len(graph.contoso.app.secrets) == 1


def test_without_an_end_a_secret_lasts_two_years(graph: Graph) -> None:
    made = act(graph, "addPassword", {}).json()
    left = datetime.fromisoformat(made["endDateTime"]) - datetime.now(UTC)
    assert timedelta(days=729) < left <= timedelta(days=730)


def test_the_app_can_be_named_by_its_client_id(graph: Graph) -> None:
    path = f"/applications(appId='{graph.contoso.app.client_id}')/addPassword"
    assert graph.post(path, {}, graph.apps_token()).status_code == 200


def test_a_certificate_is_added_and_removed_with_a_proof(graph: Graph) -> None:
    added = act(graph, "addKey", new_key(graph, displayName="portal"))
    assert added.status_code == 200
    assert added.json()["key"] is None
    assert graph.contoso.app.certificates[1].name == "portal"
    # The new one proves it, too.
    body = {"keyId": graph.contoso.app.certificates[0].key_id, "proof": proof(graph, 1)}
    assert act(graph, "removeKey", body).status_code == 204
    assert [each.key_id for each in graph.contoso.app.certificates] == [added.json()["keyId"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "00000003-0000-0000-c000-000000000000"},
        {"iss": "the-client-id"},
        {"exp": 1200},
        {"exp": None},
        {"nbf": -4000, "exp": -3500},
        {"nbf": 900, "exp": 1200},
    ],
)
def test_a_proof_with_a_wrong_claim_is_refused(graph: Graph, changes: dict[str, Any]) -> None:
    """Times are in seconds from now."""
    if "the-client-id" in changes.values():
        changes = {"iss": graph.contoso.app.client_id}
    now = int(time.time())
    changes = {
        name: now + value if isinstance(value, int) else value for name, value in changes.items()
    }
    refused = act(graph, "addKey", new_key(graph, proof(graph, **changes)))
    assert error(refused) == (401, "Authentication_MissingOrMalformed")


@pytest.mark.parametrize("proved", ["nonsense", "another key"])
def test_a_proof_of_no_registered_key_is_refused(graph: Graph, proved: str) -> None:
    sent = proof(graph, 1) if proved == "another key" else proved
    for action, body in (
        ("addKey", new_key(graph, sent)),
        ("removeKey", {"keyId": graph.contoso.app.certificates[0].key_id, "proof": sent}),
    ):
        assert error(act(graph, action, body)) == (401, "Authentication_MissingOrMalformed")


def test_a_certificate_that_is_over_proves_nothing(graph: Graph) -> None:
    graph.contoso.entra.clock = lambda: time.time() + 400 * 86400
    assert error(act(graph, "addKey", new_key(graph)))[0] == 401


@pytest.mark.parametrize("action", ["addPassword", "removePassword"])
@pytest.mark.parametrize("reason", ["no permission", "only reads", "no owner"])
def test_secrets_need_the_permission_and_ownership(
    contoso: Contoso, action: str, reason: str
) -> None:
    graph = Graph(contoso)
    if reason == "only reads":
        contoso.app.grant(contoso.directory, application=["Application.Read.All"])
    if reason == "no owner":
        contoso.app.grant(contoso.directory, application=[OWNED_BY])
        contoso.app.owns_itself = False
    body = {"keyId": contoso.app.secrets[0].key_id}
    assert error(act(graph, action, body)) == (403, "Authorization_RequestDenied")


def test_an_app_may_change_its_own_certificates_without_a_permission(graph: Graph) -> None:
    graph.contoso.app.revoke(graph.contoso.directory)
    assert act(graph, "addKey", new_key(graph)).status_code == 200


def test_another_app_is_not_its_own(graph: Graph, contoso: Contoso) -> None:
    other = contoso.directory.add_app()
    other.add_certificate(key_pair().certificate)
    path = f"/applications/{other.object_id}/"
    for action in ("addPassword", "addKey"):
        refused = graph.post(path + action, new_key(graph), graph.apps_token())
        assert error(refused) == (403, "Authorization_RequestDenied")


def test_all_applications_may_be_changed_with_the_higher_permission(contoso: Contoso) -> None:
    contoso.app.grant(contoso.directory, application=["Application.ReadWrite.All"])
    other = contoso.directory.add_app()
    graph = Graph(contoso)
    answer = graph.post(f"/applications/{other.object_id}/addPassword", {}, graph.apps_token())
    assert answer.status_code == 200


def test_an_app_of_another_directory_is_not_found(graph: Graph) -> None:
    path = "/applications/00001111-aaaa-2222-bbbb-3333cccc4444/addPassword"
    refused = graph.post(path, {}, graph.apps_token())
    assert error(refused) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("addPassword", []),
        ("addPassword", {"passwordCredential": {"endDateTime": "tomorrow"}}),
        ("removePassword", {"keyId": "00001111-aaaa-2222-bbbb-3333cccc4444"}),
        ("removePassword", {}),
    ],
)
def test_what_cannot_be_read_or_found_is_a_bad_request(
    graph: Graph, action: str, body: Any
) -> None:
    assert error(act(graph, action, body))[0] == 400


@pytest.mark.parametrize(
    "changes", [{"type": "X"}, {"usage": "Sign"}, {"key": "%"}, {"key": "eA=="}]
)
def test_a_key_that_is_none_is_a_bad_request(graph: Graph, changes: dict[str, str]) -> None:
    assert error(act(graph, "addKey", new_key(graph, **changes)))[0] == 400


def test_an_unknown_certificate_is_a_bad_request(graph: Graph) -> None:
    body = {"keyId": "00001111-aaaa-2222-bbbb-3333cccc4444", "proof": proof(graph)}
    assert error(act(graph, "removeKey", body))[0] == 400


@pytest.mark.parametrize("action", ["addPassword", "addKey"])
def test_a_policy_can_forbid_a_kind_and_limit_its_lifetime(graph: Graph, action: str) -> None:
    policy = graph.contoso.app.policy
    policy.max_secret_days = policy.max_certificate_days = 30
    refused = act(graph, action, new_key(graph))
    assert error(refused) == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
    assert policy.id in refused.json()["error"]["message"]
    policy.forbids_secrets = policy.forbids_certificates = True
    refused = act(graph, action, new_key(graph))
    assert error(refused) == (400, "CredentialTypeNotAllowedAsPerAppPolicy")


def test_a_new_secret_is_refused_for_some_requests_and_some_seconds(graph: Graph) -> None:
    graph.contoso.app.propagation = Propagation(requests=2, seconds=60)
    made = act(graph, "addPassword", {}).json()["secretText"]
    for _ in range(3):
        refused = token_with(graph.contoso, made).json()
        assert refused["error_codes"] == [7000215]
    graph.contoso.entra.clock = lambda: time.time() + 61
    assert token_with(graph.contoso, made).status_code == 200


def test_the_token_of_an_app_names_its_permissions(graph: Graph) -> None:
    claims = jwt.decode(graph.apps_token(), options={"verify_signature": False})
    assert claims["roles"] == [OWNED_BY]
    graph.contoso.app.revoke(graph.contoso.directory)
    claims = jwt.decode(graph.apps_token(), options={"verify_signature": False})
    assert "roles" not in claims
