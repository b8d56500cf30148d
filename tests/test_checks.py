from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage

from azuread_connections.checks import check_deployment, check_settings

IN_ORDER = {"PUBLIC_URL": "https://app.example.com", "LOGIN_URL": "", "GRAPH_URL": ""}


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("azuread_connections.") for message in messages]


@pytest.fixture
def configure(settings: Any) -> Any:
    def change(**keys: Any) -> None:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | IN_ORDER | keys

    return change


def test_a_site_in_order_has_nothing_to_hear(configure: Any) -> None:
    configure()
    assert ids(check_settings()) == []
    assert ids(check_deployment()) == []


def test_a_missing_backend_is_named(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "gone.Backend"]
    assert ids(check_settings()) == ["W001"]


def test_a_subclass_of_the_backend_will_do(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["azuread_connections.login.backend.ConnectionBackend"]
    assert ids(check_settings()) == []


def test_missing_urls_are_named(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.urls_without_sign_in"
    assert ids(check_settings()) == ["W002"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ENCRYPTION_KEYS": []}, ["W003"]),
        ({"ENCRYPTION_KEYS": ["short"]}, ["W004"]),
        ({"PUBLIC_ULR": "https://app.example.com"}, ["W005"]),
    ],
)
def test_what_is_missing_or_misspelt_warns(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_settings()) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ENCRYPTION_KEYS": []}, ["E003"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": False}, ["E006"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": True}, ["E007"]),
        ({"LOGIN_URL": "http://login.example.com", "ALLOW_STANDIN": True}, ["E006"]),
        ({"PUBLIC_URL": ""}, ["E008"]),
        ({"PUBLIC_URL": "http://app.example.com"}, ["E008"]),
    ],
)
def test_a_deployment_stops_at_what_would_harm(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_deployment()) == expected


def test_every_finding_says_what_to_do(configure: Any) -> None:
    configure(ENCRYPTION_KEYS=[], PUBLIC_URL="")
    assert all(message.hint for message in check_deployment())
