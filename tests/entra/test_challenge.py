"""Claims requests and claims challenges."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from azuread_connections.entra.challenge import (
    MAX_LENGTH,
    claims_request,
    read_challenge,
    read_header_challenge,
)
from azuread_connections.entra.errors import MicrosoftError

CHALLENGE = '{"access_token":{"capolids":{"essential":true,"values":["c0ffee"]}}}'


def test_a_challenge_goes_along_as_it_came() -> None:
    assert claims_request(read_challenge(CHALLENGE)) == CHALLENGE


@pytest.mark.parametrize(
    "odd",
    [
        *(None, 7, {}, [], {"access_token": {}}, "", "x", "[]", "7", "null", "{}", '{"a":NaN}'),
        *('{"a":"' + "x" * MAX_LENGTH + '"}', "[" * 900, '{"a":"' + "\u00e4" * 200 + '"}'),
    ],
)
def test_anything_but_a_small_json_object_is_no_challenge(odd: Any) -> None:
    assert read_challenge(odd) == ""


def test_a_challenge_that_is_nested_too_deeply_is_none() -> None:
    """How deep is too deep depends on the frames that a request has on the stack already."""

    def at_depth(frames: int) -> str:
        return at_depth(frames - 1) if frames else read_challenge("[" * 900)

    assert at_depth(500) == ""


def test_only_a_response_of_the_token_endpoint_challenges() -> None:
    answer = {"error": "interaction_required", "claims": CHALLENGE}
    assert MicrosoftError.from_response(answer).claims == CHALLENGE
    assert MicrosoftError.from_redirect(answer).claims == ""


def test_our_own_wishes_join_the_challenge() -> None:
    asked = json.loads(claims_request(CHALLENGE, auth_time=True, acr="c1"))
    assert asked == json.loads(CHALLENGE) | {
        "id_token": {
            "acrs": {"essential": True, "value": "c1"},
            "auth_time": {"essential": True},
        }
    }


def test_a_challenge_about_the_id_token_is_kept() -> None:
    asked = json.loads(claims_request('{"id_token":{"acrs":{"value":"c7"}}}', auth_time=True))
    assert asked["id_token"] == {"acrs": {"value": "c7"}, "auth_time": {"essential": True}}
    odd = json.loads(claims_request('{"id_token":7}', auth_time=True))
    assert odd["id_token"] == {"auth_time": {"essential": True}}


def test_nothing_asked_is_no_parameter() -> None:
    assert claims_request() == ""


def header(claims: str, error: str = "insufficient_claims") -> str:
    return f'Bearer realm="", authorization_uri="x", error="{error}", claims="{claims}"'


@pytest.mark.parametrize("cut", ["", "="])
def test_graphs_header_has_the_challenge_in_base64(cut: str) -> None:
    encoded = base64.b64encode(CHALLENGE.encode()).decode().rstrip(cut or None)
    assert read_header_challenge(header(encoded)) == CHALLENGE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer",
        header("!"),
        header("e30="),  # {}
        header("/////w=="),  # not UTF-8
        header("A"),
        header(base64.b64encode(CHALLENGE.encode()).decode(), error="invalid_token"),
        header(base64.b64encode(CHALLENGE.encode()).decode()) + "x" * 9000,
    ],
)
def test_another_header_is_no_challenge(text: str) -> None:
    assert read_header_challenge(text) == ""
