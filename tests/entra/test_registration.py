"""Changes of a registration through Graph: what of its answers is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from azuread_connections.entra.cloud import CLOUDS
from azuread_connections.entra.errors import MalformedResponse
from azuread_connections.entra.graph import Graph, GraphError
from azuread_connections.entra.registration import Registration, may_change_registration
from azuread_connections.entra.transport import Timeouts, Transport
from azuread_connections.testing import StandIn

KEY_ID = "00001111-aaaa-2222-bbbb-3333cccc4444"
ENDS = datetime(2027, 5, 1, tzinfo=UTC)


@pytest.fixture
def registration(entra: StandIn) -> Registration:
    cloud = CLOUDS["global"].moved(login_url=entra.url, graph_url=entra.graph_url)
    graph = Graph(Transport(Timeouts(5, 5, 10)), cloud, "a-token")
    return Registration(graph, KEY_ID)


ANSWER = {"secretText": "Abc8Q~new-secret", "keyId": KEY_ID, "endDateTime": "2027-05-01T00:00:00Z"}


def test_a_new_secret_is_read_and_hidden(entra: StandIn, registration: Registration) -> None:
    entra.fault("add_password", status=200, body=json.dumps(ANSWER))
    made = registration.add_secret(KEY_ID, name="portal", expires_at=ENDS)
    assert (made.key_id, made.expires_at) == (KEY_ID, ENDS)
    assert made.value.reveal() == ANSWER["secretText"]
    assert "new-secret" not in repr(made)
    [sent] = [seen for seen in entra.requests if seen.endpoint == "add_password"]
    wanted = {"displayName": "portal", "endDateTime": "2027-05-01T00:00:00Z"}
    assert json.loads(sent.body) == {"passwordCredential": wanted}
    assert sent.headers["Authorization"] == "Bearer a-token"


@pytest.mark.parametrize(
    "changes",
    [
        {"secretText": None},
        {"secretText": ""},
        {"secretText": 5},
        {"keyId": None},
        {"keyId": "../x"},
        {"endDateTime": "soon"},
    ],
)
def test_an_incomplete_secret_is_not_used(
    entra: StandIn, registration: Registration, changes: dict[str, Any]
) -> None:
    entra.fault("add_password", status=200, body=json.dumps(ANSWER | changes))
    with pytest.raises(MalformedResponse) as raised:
        registration.add_secret(KEY_ID, name="portal", expires_at=ENDS)
    assert "new-secret" not in str(raised.value)


def test_a_registration_without_its_id_is_not_used(
    entra: StandIn, registration: Registration
) -> None:
    listed = {"id": "../me", "passwordCredentials": [], "keyCredentials": []}
    entra.fault("applications", status=200, body=json.dumps(listed))
    with pytest.raises(MalformedResponse):
        registration.credentials()


def test_a_refusal_is_graphs_error(registration: Registration) -> None:
    with pytest.raises(GraphError) as raised:
        registration.remove_secret(KEY_ID, KEY_ID)
    assert raised.value.status == 401


def token(**claims: Any) -> str:
    return jwt.encode(claims, "k" * 32, "HS256")


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (token(roles=["Application.ReadWrite.OwnedBy"]), True),
        (token(roles=["User.Read.All", "Application.ReadWrite.All"]), True),
        (token(roles=["Application.Read.All"]), False),
        (token(roles=[{}, None]), False),
        (token(), False),
        (token(roles="Application.ReadWrite.All"), None),
        ("opaque", None),
        ("eyJ.e30.x", None),
    ],
)
def test_a_token_that_says_nothing_leaves_it_to_graph(text: str, may: bool | None) -> None:
    assert may_change_registration(text) is may
