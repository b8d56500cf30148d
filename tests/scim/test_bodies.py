from __future__ import annotations

import json
from typing import Any

import pytest

from azuread_connections.scim.bodies import MAX_LENGTH, shown_body

URN = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.mark.parametrize(
    "body",
    [
        {"password": "hunter2"},
        {"userName": "adele", "PassWord": "hunter2"},
        {f"{URN}:password": "hunter2"},
        {"Operations": [{"op": "Replace", "path": "password", "value": "hunter2"}]},
        {"Operations": [{"op": "Replace", "Path": f"{URN}:Password", "Value": "hunter2"}]},
        {"Operations": [{"op": "replace", "value": {"password": "hunter2"}}]},
        [{"a": [{"password": {"value": "hunter2"}}]}],
    ],
)
def test_a_password_is_not_stored(body: Any) -> None:
    shown = shown_body(json.dumps(body).encode())
    assert "hunter2" not in shown
    assert "[removed]" in shown


def test_what_is_not_json_is_not_stored_if_it_names_a_password() -> None:
    assert "hunter2" not in shown_body(b'{"Password": "hunter2"')
    assert shown_body(b'{"userName": ') == '{"userName": '


def test_a_body_is_formatted() -> None:
    assert shown_body('{"displayName":"Zoë"}'.encode()) == '{\n  "displayName": "Zoë"\n}'
    assert shown_body(b"") == ""


def test_a_long_body_is_cut_with_a_mark() -> None:
    shown = shown_body(json.dumps({"members": ["x" * 100] * 1000}).encode())
    assert len(shown) < MAX_LENGTH + 100
    assert "[cut: 1" in shown


@pytest.mark.parametrize("body", [b"\x00\xff", b'"\\ud800\\u0000"', b"[" * 100_000])
def test_odd_bytes_are_stored_as_far_as_databases_can(body: bytes) -> None:
    shown = shown_body(body)
    assert "\x00" not in shown
    shown.encode()


def test_a_token_sent_by_mistake_is_not_stored() -> None:
    assert "abcdef" not in shown_body(b'{"title": "azscim_abcdef"}')
