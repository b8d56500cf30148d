"""Any response to a request to Microsoft gives the expected result, or one of our errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from azuread_connections.entra.cloud import CLOUDS, Authority
from azuread_connections.entra.credentials import SecretCredential
from azuread_connections.entra.discovery import find_tenant_id
from azuread_connections.entra.errors import EntraError, MicrosoftError
from azuread_connections.entra.graph import Graph
from azuread_connections.entra.metadata import SigningKeys
from azuread_connections.entra.tokens import CodeGrant, redeem_code, request_app_token
from azuread_connections.entra.transport import Response, Secret
from tests.entra.clock import Clock, ClockedCache
from tests.fuzzing.values import JSON, TEXT, fuzz

CLOUD = CLOUDS["global"]
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
AUTHORITY = Authority(CLOUD, TENANT, "v2.0")
SECRET = SecretCredential(Secret("secret"))

STATUS = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 404, 429, 500])


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects in which these members are likely."""
    known = st.dictionaries(st.sampled_from(names), JSON, max_size=len(names))
    return st.builds(lambda a, b: a | b, st.dictionaries(TEXT, JSON, max_size=2), known)


def bodies(*names: str) -> st.SearchStrategy[bytes]:
    return st.binary() | (JSON | objects(*names)).map(lambda value: json.dumps(value).encode())


class Answers:
    """A transport that returns the given responses, without end."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = Response(status, body)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        return self._answer

    def post(self, url: str, form: Mapping[str, str]) -> Response:
        return self._answer


ERROR = ("error", "error_description", "error_codes", "correlation_id", "trace_id")


@fuzz
@given(STATUS, bodies("id_token", "access_token", "scope", "expires_in", *ERROR))
def test_tokens(status: int, body: bytes) -> None:
    grant = CodeGrant("client", SECRET, "code", "https://app.example.com", "verifier")
    transport: Any = Answers(status, body)
    try:
        tokens = redeem_code(transport, AUTHORITY, grant)
    except EntraError as error:
        str(error).encode()  # raises for a lone surrogate
    else:
        assert isinstance(tokens.id_token, str)
        assert isinstance(tokens.access_token, str)
    try:
        assert request_app_token(transport, AUTHORITY, "client", SECRET).expires_in >= 0
    except EntraError as error:
        str(error).encode()


KEY = objects("kid", "kty", "use", "n", "e", "issuer", "cloud_instance_name", "x5c", "alg")


@fuzz
@given(
    STATUS,
    bodies("keys", "error") | st.lists(KEY).map(lambda k: json.dumps({"keys": k}).encode()),
    TEXT,
)
def test_signing_keys(status: int, body: bytes, key_id: str) -> None:
    transport: Any = Answers(status, body)
    clock = Clock()
    keys = SigningKeys(transport, ClockedCache(clock), clock)
    try:
        keys.find(AUTHORITY.keys_url, key_id, AUTHORITY.app_keys_url("client"))
    except EntraError as error:
        str(error).encode()


DISCOVERY = (
    *("issuer", "token_endpoint", "jwks_uri"),
    *("cloud_instance_name", "tenant_region_scope", "tenant_region_sub_scope"),
)


@fuzz
@given(STATUS, bodies(*DISCOVERY, *ERROR))
def test_discovery(status: int, body: bytes) -> None:
    transport: Any = Answers(status, body)
    try:
        assert len(find_tenant_id(transport, AUTHORITY)) == len(TENANT)
    except EntraError as error:
        str(error).encode()


PERSON = ("id", "displayName", "mail", "userPrincipalName", "businessPhones", "jobTitle")
PAGE = st.builds(
    lambda items, link: json.dumps({"value": items, "@odata.nextLink": link}).encode(),
    st.lists(objects(*PERSON) | JSON, max_size=3),
    JSON | st.just("https://graph.microsoft.com/v1.0/me/memberOf?$skiptoken=x"),
)


@fuzz
@given(
    STATUS,
    PAGE
    | bodies("value", "@odata.nextLink", "passwordCredentials", "keyCredentials", "error", *PERSON),
)
def test_graph(status: int, body: bytes) -> None:
    transport: Any = Answers(status, body)
    graph = Graph(transport, CLOUD, "token")
    calls = (
        graph.profile,
        lambda: graph.groups(nested=True),
        graph.users,
        lambda: graph.registered_credentials("client"),
    )
    for call in calls:
        try:
            json.dumps(repr(call())).encode()
        except EntraError as error:
            str(error).encode()


@fuzz
@given(objects(*ERROR))
def test_errors(answer: dict[str, Any]) -> None:
    error = MicrosoftError.from_response(answer)
    for text in (str(error), error.error, error.correlation_id, error.trace_id):
        text.encode()
        assert "\x00" not in text
