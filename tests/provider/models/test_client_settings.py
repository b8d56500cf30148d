"""What a client's addresses and metadata can be."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from azuread_connections.provider.models import OAuthClient
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def errors_of(client: OAuthClient, **changes: object) -> dict[str, list[str]]:
    for name, value in changes.items():
        setattr(client, name, value)
    try:
        client.full_clean()
    except ValidationError as error:
        return dict(error.message_dict)
    return {}


@pytest.mark.parametrize("name", ["logo_uri", "backchannel_logout_uri"])
@pytest.mark.parametrize(
    ("url", "is_valid"),
    [
        ("", True),
        ("https://client.example/x?y=z", True),
        ("http://localhost:8000/x", True),
        ("http://127.0.0.1/x", True),
        ("http://client.example/x", False),
        ("http://localhost.client.example/x", False),
        ("ftp://client.example/x", False),
        ("https://user:word@client.example/x", False),
        ("https://client.example/x#y", False),
    ],
)
def test_an_address_is_https_or_loopback(
    portal: RelyingParty, name: str, url: str, is_valid: bool
) -> None:
    errors = errors_of(portal.client, **{name: url})
    assert list(errors) == ([] if is_valid else [name])


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, ""),
        ({"plan": "gold", "n": "x" * 255}, ""),
        (["plan"], "Enter texts by name."),
        ({f"n{n}": "" for n in range(11)}, "At most 10 entries."),
        ({"plan": 1}, "“plan”: name and value must be texts."),
        ({"plan": None}, "“plan”: name and value must be texts."),
        ({"": "x"}, "name and value must be texts."),
        ({"n" * 256: "x"}, "at most 255 characters"),
        ({"n": "x" * 256}, "at most 255 characters"),
        ({"n": "a\0b"}, "“n” contains an invisible character."),
    ],
)
def test_metadata_is_a_few_short_texts_by_name(
    portal: RelyingParty, metadata: object, message: str
) -> None:
    errors = errors_of(portal.client, metadata=metadata)
    assert list(errors) == (["metadata"] if message else [])
    assert not message or message in " ".join(errors["metadata"])


def test_each_wrong_entry_is_named(portal: RelyingParty) -> None:
    errors = errors_of(portal.client, metadata={"a": 1, "b": 2, "c": "fine"})
    assert len(errors["metadata"]) == 2
