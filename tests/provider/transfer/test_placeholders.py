from __future__ import annotations

import secrets
from typing import Any

import pytest

from azuread_connections.provider.transfer.placeholders import (
    has_keyword,
    is_masked_secret,
    remove_placeholders,
)
from tests.provider.transfer.documents import OTHER_SECRET, SECRET


@pytest.mark.parametrize(
    "text",
    [
        "##SECRET##",
        "@@SECRET@@",
        "before-##SECRET##-after",
        "${AUTH0_CLIENT_SECRET}",
        "{{ client_secret }}",
        "$(cat /run/secrets/portal)",
        "<the client secret of the portal>",
        "[REDACTED]",
        "%CLIENT_SECRET%",
        "********************************",
        "Abc*****************************",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "YOUR_CLIENT_SECRET_OF_AT_LEAST_32_LETTERS",
        "replace-me-with-the-client-secret-01",
        "Replace-Me-With-The-Client-Secret-01",
        "_VALUE_NOT_SHOWN_client_secret_Placeholder_1",
    ],
)
def test_what_stands_in_place_of_a_secret(text: str) -> None:
    assert is_masked_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        OTHER_SECRET,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "correct horse battery staple and then some more",
        "aYourB2SecretC3InsertD4PasswordE5xK9mQ",
        "p@ss##w0rd-that-somebody-has-chosen-once",
    ],
)
def test_what_can_be_a_secret(text: str) -> None:
    assert not is_masked_secret(text)


def test_random_secrets_are_secrets() -> None:
    found = [secrets.token_hex(32) for _ in range(500)]
    assert not [text for text in found if is_masked_secret(text)]


def test_keywords_are_taken_out_wherever_they_are() -> None:
    item: dict[str, Any] = {
        "name": "##NAME##",
        "callbacks": ["https://a.example/", "##URL##/b", 5],
        "jwt_configuration": {"alg": "@@ALG@@", "lifetime_in_seconds": 5},
        "web_origins": "@@ORIGINS@@",
        "kept": "C# and a@@b",
    }
    removed = remove_placeholders(item)
    assert removed.paths == ["name", "callbacks", "jwt_configuration.alg", "web_origins"]
    assert removed.lists == {"callbacks"}
    assert item == {
        "callbacks": ["https://a.example/", 5],
        "jwt_configuration": {"lifetime_in_seconds": 5},
        "kept": "C# and a@@b",
    }
    assert not has_keyword("https://a.example/#fragment")
