"""How oauthlib's grant and ours share the work."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from tests.provider.devices import GRANT_TYPE, Device, answer, ask
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", ["grant_type", "scopes", "client", "user", "target", "redirect_uri"]
)
def test_a_parameter_cannot_stand_in_for_what_the_server_has_found(
    television: RelyingParty, viewer: Client, name: str
) -> None:
    """oauthlib's request has parameters and results under the same names."""
    response = ask(television, **{name: "client_credentials"})
    assert response.status_code == 200
    device = Device(television, response.json())
    assert device.row().scopes == ["openid", "profile", "email", "offline_access"]
    answer(viewer, device.user_code)
    if name != "grant_type":
        response = device.poll(**{name: "client_credentials"})
        assert response.status_code == 200
        assert response.json()["scope"] == "openid profile email offline_access"


def test_no_code_is_in_the_debug_log(
    television: RelyingParty, viewer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        device = Device.ask(television)
        device.error()
        answer(viewer, device.user_code)
        tokens = device.tokens()
        device.error()
    secrets = [device.answer["device_code"], device.user_code, *map(str, tokens.values())]
    secrets.append(device.user_code.replace("-", ""))
    assert not [
        secret
        for secret in secrets
        if len(secret) > 7
        and f"{secret}" in caplog.text
        and secret not in {"Bearer", tokens["scope"]}
    ]


def test_the_grant_type_is_the_one_that_auth0_has(television: RelyingParty) -> None:
    assert GRANT_TYPE == "urn:ietf:params:oauth:grant-type:device_code"
    assert GRANT_TYPE in television.client.grant_types
