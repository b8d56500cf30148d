"""The token of the machine's managed identity, from the stand-in's local addresses."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from azuread_connections.entra import managed_identity
from azuread_connections.entra.errors import CredentialUnavailable
from azuread_connections.entra.managed_identity import (
    SYSTEM_ASSIGNED,
    ManagedIdentity,
    audience_for,
    forget_tokens,
)
from azuread_connections.testing import StandIn

CLIENT_ID = "99992222-bbbb-3333-cccc-4444dddd5555"
AUDIENCE = audience_for("global")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)
    forget_tokens()
    yield
    forget_tokens()


@pytest.fixture
def machine(entra: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A virtual machine with an identity of its own and a user-assigned one."""
    directory = entra.add_directory("contoso.com")
    entra.add_managed_identity(directory)
    entra.add_managed_identity(directory, client_id=CLIENT_ID)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", entra.url)
    return entra


def read(identity: str = SYSTEM_ASSIGNED) -> str:
    return ManagedIdentity(identity, AUDIENCE).read().subject


def refusal(identity: str = SYSTEM_ASSIGNED) -> str:
    with pytest.raises(CredentialUnavailable) as failed:
        read(identity)
    return str(failed.value)


@pytest.mark.parametrize("identity", [SYSTEM_ASSIGNED, CLIENT_ID])
def test_a_virtual_machine_asks_imds(machine: StandIn, identity: str) -> None:
    token = ManagedIdentity(identity, AUDIENCE).read()
    tenant = machine.directories[0].tenant_id
    assert token.issuer == f"{machine.url}/{tenant}/v2.0"
    (request,) = machine.requests
    assert request.path == "/metadata/identity/oauth2/token"
    assert request.headers["Metadata"] == "true"
    expected = {"api-version": "2018-02-01", "resource": "api://AzureADTokenExchange"}
    if identity != SYSTEM_ASSIGNED:
        expected["client_id"] = identity
    assert request.query == expected
    assert token.text not in repr(token)


def test_the_address_of_imds_is_the_documented_one() -> None:
    url, headers = ManagedIdentity(SYSTEM_ASSIGNED, AUDIENCE)._request()
    assert url.startswith("http://169.254.169.254/metadata/identity/oauth2/token?resource=api%3A")
    assert headers == {"Metadata": "true"}


def test_an_app_service_names_its_address_and_a_header(
    machine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", machine.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", machine.identity_header)
    assert read(CLIENT_ID)
    (request,) = machine.requests
    assert request.path == "/msi/token"
    assert request.headers["X-IDENTITY-HEADER"] == machine.identity_header
    assert request.query["api-version"] == "2019-08-01"
    assert request.query["client_id"] == CLIENT_ID
    assert "Metadata" not in request.headers


def test_a_wrong_header_is_refused_and_not_shown(
    machine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", machine.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", "the-wrong-header")
    assert "answered 401 unauthorized_client" in refusal()
    assert "the-wrong-header" not in refusal()


@pytest.mark.parametrize(
    ("cloud", "audience"),
    [
        ("global", "api://AzureADTokenExchange"),
        ("usgov", "api://AzureADTokenExchangeUSGov"),
        ("dod", "api://AzureADTokenExchangeUSGov"),
        ("china", "api://AzureADTokenExchangeChina"),
    ],
)
def test_each_cloud_has_its_audience(cloud: str, audience: str) -> None:
    assert audience_for(cloud) == audience


def test_a_token_is_used_again_until_shortly_before_its_end(
    machine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read() == read()
    assert machine.count("managed_identity") == 1
    assert read(CLIENT_ID) != read()
    assert machine.count("managed_identity") == 2
    # A day later, but for less than five minutes.
    later = time.time() + 24 * 3600 - 250
    monkeypatch.setattr(managed_identity.time, "time", lambda: later)
    read()
    assert machine.count("managed_identity") == 3


def test_an_unknown_identity_is_refused(machine: StandIn) -> None:
    found = refusal("11112222-bbbb-3333-cccc-4444dddd5555")
    assert "answered 400 invalid_request" in found
    assert "Assign the managed identity" in found


def test_a_machine_without_identity_does_not_answer(
    machine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.stop()
    try:
        assert "does not answer" in refusal()
    finally:
        machine.start()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host", "http://", "nonsense"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", address)
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    assert "no valid http address" in refusal()


@pytest.mark.parametrize("body", ["", "[]", "no JSON", '{"access_token": 5}', "{}", "[" * 20_000])
def test_an_answer_without_a_token_is_refused(machine: StandIn, body: str) -> None:
    machine.fault("managed_identity", body=body)
    assert "answered with no token" in refusal()


def test_what_is_no_token_is_not_sent(machine: StandIn) -> None:
    machine.fault("managed_identity", body='{"access_token": "a.b.c"}')
    assert "holds no token (JWT)" in refusal()


def test_an_error_is_named_only_by_a_plain_word(machine: StandIn) -> None:
    machine.fault("managed_identity", status=400, body='{"error": "<b>see https://x.example"}')
    assert "example" not in refusal()


def test_a_long_answer_is_not_read_to_its_end(machine: StandIn) -> None:
    machine.fault("managed_identity", body="x" * 100_000)
    assert "does not answer" in refusal()


def test_a_slow_answer_is_given_up(machine: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_identity, "_TIMEOUT", managed_identity.Timeout(connect=1, read=0.2))
    machine.fault("managed_identity", body="x" * 100, drip=0.05)
    assert "does not answer (TimeoutError)" in refusal()


def test_no_redirect_is_followed(machine: StandIn) -> None:
    machine.fault("managed_identity", redirect=f"{machine.url}/msi/token")
    assert "answered 302." in refusal()
    assert machine.count("managed_identity") == 1


def test_no_proxy_is_asked(machine: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert read()
