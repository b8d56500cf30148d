from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from azuread_connections.provider import checks
from azuread_connections.provider.models import OAuthClient
from tests.factories import ApplicationFactory


def ids() -> set[str]:
    return {message.id for message in run_checks() if str(message.id).startswith("azuread_prov")}


def test_nothing_is_missing() -> None:
    assert not ids()


@override_settings(ROOT_URLCONF="project.urls")
def test_the_urls_are_missing() -> None:
    assert ids() == {"azuread_provider.W001"}


def test_switches_that_are_off_are_named(settings: Any) -> None:
    name = "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE"
    settings.OAUTH2_PROVIDER = settings.OAUTH2_PROVIDER | {name: False}
    (message,) = [each for each in run_checks() if each.id == "azuread_provider.W002"]
    assert message.msg.endswith(f"off: {name}.")


def logout_findings(**kwargs: Any) -> list[Any]:
    found = run_checks(databases=["default"], **kwargs)
    return [message for message in found if message.id == "azuread_provider.W003"]


def register(slug: str) -> None:
    client = OAuthClient.objects.register(ApplicationFactory.create(slug=slug))
    client.backchannel_logout_uri = "https://client.example.com/logout"
    client.save()


@pytest.mark.django_db
def test_clients_that_cannot_be_told_of_a_sign_out_are_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": ""}
    OAuthClient.objects.register(ApplicationFactory.create(slug="untold"))
    assert not logout_findings()
    register("portal")
    register("shop")
    (message,) = logout_findings()
    assert message.msg.startswith("Nobody tells portal, shop that")
    monkeypatch.setattr(checks, "NAMED", 1)
    (message,) = logout_findings()
    assert message.msg.startswith("Nobody tells portal and others that")
    assert "azuread_provider.W003" not in ids()  # without --database, no query
    public = {"PUBLIC_URL": "https://app.example.com"}
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | public
    assert not logout_findings()


def test_there_is_no_key_to_encrypt_the_signing_key_with(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    assert ids() == {"azuread_provider.W004"}
