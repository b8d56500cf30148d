"""The stand-in honours max_age and the claims request, and can challenge."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
import requests

from tests.testing.contoso import Contoso, get

C1 = json.dumps(
    {"id_token": {"acrs": {"essential": True, "value": "c1"}, "auth_time": {"essential": True}}}
)


def claims_of(contoso: Contoso, version: str = "v2.0", **asked: str) -> dict[str, Any]:
    token = contoso.redeem(contoso.code(version, **asked), version).json()["id_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_claims_request_adds_the_claims(contoso: Contoso) -> None:
    contoso.directory.authentication_contexts = {"c1", "c2"}
    contoso.entra.clock = lambda: 1_790_000_000.5
    claims = claims_of(contoso, claims=C1)
    assert (claims["acrs"], claims["auth_time"]) == (["c1"], 1_790_000_000)
    assert not {"acrs", "auth_time"} & set(claims_of(contoso))


def test_a_context_that_is_not_published_is_not_met(contoso: Contoso) -> None:
    assert "acrs" not in claims_of(contoso, claims=C1)


def test_v1_ignores_a_claims_request(contoso: Contoso) -> None:
    contoso.directory.authentication_contexts = {"c1"}
    assert not {"acrs", "auth_time"} & set(claims_of(contoso, "v1.0", claims=C1))


@pytest.mark.parametrize("asked", [{"claims": "{"}, {"claims": "[]"}, {"max_age": "soon"}])
def test_an_odd_request_is_refused(contoso: Contoso, asked: dict[str, str]) -> None:
    assert "AADSTS90023" in get(contoso.authorize_url(**asked)).headers["Location"]


def test_a_browser_is_remembered_unless_more_is_asked(contoso: Contoso) -> None:
    contoso.directory.authentication_contexts = {"c1"}
    now = [1_790_000_000.0]
    contoso.entra.clock, contoso.entra.single_sign_on = lambda: now[0], True
    with requests.Session() as browser:
        browser.trust_env = False

        def asks(**asked: str) -> bool:
            url = contoso.authorize_url(**asked)
            return browser.get(url, allow_redirects=False, timeout=10).status_code == 200

        contoso.entra.sign_in(contoso.authorize_url(), contoso.person, session=browser)
        now[0] += 300
        assert not asks()
        assert not asks(max_age="600")
        assert asks(max_age="60")
        assert asks(claims=C1)
        contoso.entra.sign_in(contoso.authorize_url(claims=C1), contoso.person, session=browser)
        assert not asks(claims=C1, max_age="60")
    contoso.entra.single_sign_on = False


def test_the_token_endpoint_can_challenge(contoso: Contoso) -> None:
    contoso.entra.fault("token", aadsts=50076, claims={"access_token": {"x": None}})
    answer = contoso.redeem(contoso.code())
    document = answer.json()
    assert (answer.status_code, document["error"]) == (400, "interaction_required")
    assert document["claims"] == '{"access_token": {"x": null}}'
    assert contoso.redeem(contoso.code()).status_code == 200


def test_graph_can_challenge(contoso: Contoso) -> None:
    contoso.entra.fault("me", claims={"access_token": {"x": None}})
    answer = get(f"{contoso.entra.graph_url}/v1.0/me")
    assert answer.status_code == 401
    header = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    encoded = header.split('claims="')[1].rstrip('"')
    assert json.loads(base64.b64decode(encoded)) == {"access_token": {"x": None}}
