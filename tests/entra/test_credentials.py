"""Client authentication at the token endpoint."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from azuread_connections.entra.credentials import SecretCredential
from azuread_connections.entra.tokens import request_app_token
from azuread_connections.entra.transport import Secret, Value
from tests.entra.test_tokens import CLIENT, Exchange, exchange  # noqa: F401

SENT = "s3c~value-of-a-secret"


def parameters_of(credential: SecretCredential) -> Mapping[str, Value]:
    return credential.parameters(client_id=CLIENT, token_url="https://login.example.com/token")


def test_a_secret_is_sent_as_it_is() -> None:
    (sent,) = parameters_of(SecretCredential(Secret(SENT))).items()
    name, value = sent
    assert name == "client_secret"
    assert not isinstance(value, str)
    assert value.reveal() == SENT


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_neither_a_credential_nor_its_parameters_show_the_value(show) -> None:  # type: ignore[no-untyped-def]
    credential = SecretCredential(Secret(SENT))
    assert SENT not in show(credential)
    assert SENT not in show(parameters_of(credential))


class Assertion:
    """Another kind of credential, such as a certificate's assertion for one client and endpoint."""

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return {"client_assertion": Secret(f"{client_id} for {token_url}")}


def test_a_request_takes_any_kind_of_credential(exchange: Exchange) -> None:  # noqa: F811
    exchange.entra.fault("token", body='{"access_token": "x", "expires_in": 60}')
    request_app_token(exchange.transport, exchange.authority, CLIENT, Assertion())
    exchange.entra.fault("token", body='{"id_token": "x", "access_token": "x"}')
    exchange.redeem(exchange.grant(credential=Assertion(), code="the-code"))
    url = exchange.authority.token_url
    for request in exchange.entra.requests:
        assert request.form["client_assertion"] == f"{CLIENT} for {url}"
        assert "client_secret" not in request.form
    assert exchange.entra.count("token") == 2
