from __future__ import annotations

from typing import Any

from django.core.checks import run_checks
from django.test import override_settings


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
