"""Two requests with the same code or refresh token at the same time: one wins, and both lose."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db.models.signals import post_save
from django.test import Client
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request

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


def test_a_site_learns_of_the_token_that_a_client_has_for_itself(machine: RelyingParty) -> None:
    """Where nobody listens, the token is stored without a signal."""
    told: list[Any] = []
    model = get_access_token_model()

    def listen(instance: Any, **kwargs: Any) -> None:
        told.append(instance.pk)

    machine.token(grant_type="client_credentials")
    post_save.connect(listen, sender=model)
    try:
        machine.token(grant_type="client_credentials")
    finally:
        post_save.disconnect(listen, sender=model)
    stored = list(model._default_manager.order_by("pk"))
    assert told == [stored[1].pk]
    assert {row.application.client_id for row in stored} == {machine.client_id}
    assert all(row.token == "" and row.user_id is None and row.created for row in stored)


def test_django_oauth_toolkit_does_not_find_our_tokens(portal: RelyingParty, adele: Client) -> None:
    """Its middleware and decorators would take them for tokens that open the site itself."""
    tokens = portal.tokens(adele)
    for model, value in (
        (get_access_token_model(), tokens["access_token"]),
        (get_refresh_token_model(), tokens["refresh_token"]),
    ):
        checksum = hashlib.sha256(value.encode()).hexdigest()
        assert not model.objects.filter(token_checksum=checksum).exists()
        assert not model.objects.filter(token=value).exists()
    asked = Request("/orders", "GET", "", {"Authorization": f"Bearer {tokens['access_token']}"})
    asked.client = asked.user = None
    assert not OAuth2Validator().validate_bearer_token(tokens["access_token"], [], asked)


def test_a_second_use_is_logged_without_the_token(
    portal: RelyingParty, adele: Client, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = portal.tokens(adele)
    portal.refresh(tokens["refresh_token"])
    portal.refresh(tokens["refresh_token"])
    [line] = [each.getMessage() for each in caplog.records if "second time" in each.getMessage()]
    assert portal.application.slug in line
    assert tokens["refresh_token"] not in line
