"""Two requests with the same code or refresh token at the same time: one wins, and both lose."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.provider import tokens as module
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db


def test_a_code_that_another_request_has_just_used(
    portal: RelyingParty, adele: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = portal.code(adele)
    unused = module.find_code(portal.client, code)
    tokens = portal.exchange(code).json()
    monkeypatch.setattr(module, "find_code", lambda *args: unused)
    assert portal.exchange(code).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def test_a_refresh_token_that_another_request_has_just_used(
    portal: RelyingParty, adele: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = portal.tokens(adele)
    unused = module.find_refresh_token(portal.client, first["refresh_token"])
    second = portal.refresh(first["refresh_token"]).json()
    monkeypatch.setattr(module, "find_refresh_token", lambda *args: unused)
    assert portal.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    monkeypatch.undo()
    assert userinfo(second["access_token"]).status_code == 401
    assert portal.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
