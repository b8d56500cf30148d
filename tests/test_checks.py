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
        *(
            ({"PUBLIC_URL": url}, ["W009"])
            for url in (
                "app.example.com",
                "//app.example.com",
                "ftp://app.example.com",
                " https://app.example.com",
                "https://app.example.com/login",
                "https://app.example.com?x",
                "https://app.example.com#x",
                "https://app.example.com:port",
                "https://app.example.com:99999",
                "https://app.example.com:",
                "https://adele@app.example.com",
                "https://app_example.com",
                "https://app..com",
                "https://",
                "https://[::1",
            )
        ),
        *(
            ({key: value}, ["W010"])
            for key, values in {
                "DEFAULT_APPLICATION": ("", None, "the default", 5, ["default"]),
                "ADMIN_APPLICATION": ("the admin", 5, ["admin"]),
                "EMAIL_CLAIMS": ("email", None, [1], {"email": 1}),
                "USER_FIELDS": (["email"], "email", None, {"email": None}, {1: "email"}),
                "USERNAME_FUNCTION": (5, "no_such_module.username", "os.sep", ["x"]),
                "TRUSTED_PROXIES": ("1", True, -1, 1.5, None),
                "SECRET_WARNING_DAYS": ("30", None, -1),
                "READ_TIMEOUT": ("5", 0, None, True),
            }.items()
            for value in values
        ),
    ],
)
def test_what_is_missing_or_misspelt_warns(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_settings()) == expected


@pytest.mark.parametrize(
    "keys",
    [
        *(
            {"PUBLIC_URL": url}
            for url in (
                "https://app.example.com",
                "https://app.example.com/",
                "https://APP.example.com:8443",
                "http://localhost:8000",
                "http://127.0.0.1",
                "http://[::1]:8000",
                "",
            )
        ),
        {"DEFAULT_APPLICATION": "portal-2", "ADMIN_APPLICATION": "portal_2"},
        {"ADMIN_APPLICATION": None},
        {"EMAIL_CLAIMS": ("upn",), "USER_FIELDS": {}},
        {"USERNAME_FUNCTION": "os.path.join"},
        {"USERNAME_FUNCTION": len},
        {"TRUSTED_PROXIES": 2, "SECRET_WARNING_DAYS": 0, "TOTAL_TIMEOUT": 10},
    ],
)
def test_what_has_the_right_shape_is_no_news(configure: Any, keys: dict[str, Any]) -> None:
    configure(**keys)
    assert ids(check_settings()) == []


def test_a_wrong_shape_is_named_with_its_key_its_value_and_an_example(configure: Any) -> None:
    configure(EMAIL_CLAIMS="email")
    (message,) = check_settings()
    assert message.msg == (
        "AZUREAD_CONNECTIONS['EMAIL_CLAIMS'] must be a list of claims, and is 'email'."
    )
    assert message.hint == "Set it to a list of claims, such as ['email', 'upn'], or leave it out."


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "PUBLIC_URL is not set"),
        ("http://app.example.com", "cookies and codes travel unencrypted"),
    ],
)
def test_why_an_address_is_not_enough_for_a_deployment_is_said(
    configure: Any, url: str, words: str
) -> None:
    configure(PUBLIC_URL=url)
    (message,) = check_deployment()
    assert words in message.msg


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ENCRYPTION_KEYS": []}, ["E003"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": False}, ["E006"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": True}, ["E007"]),
        ({"LOGIN_URL": "http://login.example.com", "ALLOW_STANDIN": True}, ["E006"]),
        ({"PUBLIC_URL": ""}, ["E008"]),
        ({"PUBLIC_URL": "http://app.example.com"}, ["E008"]),
        ({"PUBLIC_URL": "app.example.com"}, ["E009"]),
        ({"EMAIL_CLAIMS": "email"}, ["E010"]),
    ],
)
def test_a_deployment_stops_at_what_would_harm(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_deployment()) == expected


def test_every_finding_says_what_to_do(configure: Any) -> None:
    configure(ENCRYPTION_KEYS=[], PUBLIC_URL="x", EMAIL_CLAIMS="email", TRUSTED_PROXIES="1")
    assert all(message.hint for message in check_deployment())
