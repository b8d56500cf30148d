"""Placeholders that an export writes instead of a client secret, and real secrets."""

from __future__ import annotations

import random
import string

import pytest

from azuread_connections.transfer.placeholders import is_placeholder
from tests.field_cases import case

PLACEHOLDERS = [
    case("F03a")["options"]["client_secret"],
    "##NAME##",
    "##Contoso_Secret_2##",
    "@@CONNECTIONS_WAAD_SECRET@@",
    "@@Contoso_Client_2@@",
    "***",
    "*" * 16,
    "*" * 40,
    "•" * 16,
    "…",
    "xxxxxxxxxxxxxxxxxxxx",
    "XXXXXXXX-XXXX-XXXX",
    "Abc8Q~" + "*" * 34,
    "Abc8Q~" + "x" * 34,
    "Abc" + "*" * 37,
    "Abc…",
    "Abc8Q~..................................",
    "{{CLIENT_SECRET}}",
    "{{ client_secret }}",
    "{{Contoso.Secret1}}",
    "{client_secret}",
    "${CLIENT_SECRET}",
    "${env.Client_Secret_1}",
    "$CLIENT_SECRET",
    "$(CLIENT_SECRET)",
    "%CLIENT_SECRET%",
    "<secret>",
    "<your-client-secret>",
    "<Client Secret 1>",
    "[secret]",
    "[REDACTED]",
    "[Redacted2Client3Value]",
    "REDACTED",
    "(hidden)",
    "__Client_Value_1__",
    "--Client-Value-1--",
    "YOUR_CLIENT_SECRET",
    "YourClientSecret1234",
    "your-client-secret-here",
    "MyPlaceholder1Value2",
    "client_secret",
    "changeme",
    "null",
    "None",
    "undefined",
    "x",
    "-",
    "0000000000000000000",
    "vault:secret/data/azure#value",
    "op://Private/Contoso/Field1",
    "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/x)",
    "!ENV CLIENT_SECRET",
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_what_cannot_be_a_secret_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


SECRETS = [
    case("F05")["options"]["client_secret"],
    "Abc8Q~an-example-and-not-a-secret-000001",
    "s3c~value-of-a-secret",
    "fP48Q~bhJ3cT9sXyLq2mWv.ZrK_0NdE7uHgAaIiO",
    "~I4R-w9.sB2mX_0qTzYvE7uHgAaIiOcJ3K",
    "Xe:?v1Q4M[]Y=.kXMfyLO2p_NLkGKfx5",
    "u3Zk9+7pQm/0xW2bV8cR1nT6yH4jL5sD0fG7aE3iO9k=",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_as_azure_makes_them_is_not_a_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alphabet", "length", "head"),
    [
        (string.ascii_letters + string.digits + "_.~-", 34, "8Q~"),
        (string.ascii_letters + string.digits + "_.~-", 34, ""),
        (string.ascii_letters + string.digits + "-_.:?=*+@/[]", 32, ""),
        (string.ascii_letters + string.digits + "+/", 43, ""),
    ],
    ids=["since 2021", "2020", "2019", "base64"],
)
def test_of_ten_thousand_random_secrets_hardly_one_is_taken_for_a_placeholder(
    alphabet: str, length: int, head: str
) -> None:
    """Those are reported in a note, and can be entered in the admin."""
    chance = random.Random(12)
    made = ["".join(chance.choices(alphabet, k=length)) for _ in range(10_000)]
    if head:
        made = [f"{text[:3]}{head}{text[3:]}" for text in made]
    taken = sum(map(is_placeholder, made))
    assert taken <= (0 if head else 120)


@pytest.mark.parametrize(
    "text",
    [
        "11112222-bbbb-4333-accc-4444dddd5555",
        "a b",
        "the secret",
        "nobody-sees this",
        "fP48Q~bh",
        "fP48Q~bhJ3cT9s XyLq2mWv.ZrK_0NdE7uHgAaIiO",
        "fP48Q~bhJ3cT9sXyLq2mWv.ZrK_0NdE7uHgAaIiO\u200b",
        "\u00a0fP48Q~bhJ3cT9sXyLq2mWv.ZrK_0NdE7uHgAaIiO",
    ],
)
def test_a_secret_that_was_copied_wrongly_is_refused_and_not_passed_over(text: str) -> None:
    assert not is_placeholder(text)
