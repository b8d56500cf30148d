"""Certificates and federated credentials in a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from azuread_connections.models import Connection, Credential
from azuread_connections.transfer.exporter import as_json, export_connections
from azuread_connections.transfer.importer import import_connections
from tests.keys import certificate_pem, key_pair, private_lines, rsa_key
from tests.transfer.entries import differences, mistakes, own, run

pytestmark = pytest.mark.django_db

PAIR = key_pair()
CERTIFICATE = {
    "kind": "certificate",
    "private_key": PAIR.private_key,
    "certificate": PAIR.certificate,
}
CLIENT_ID = "99992222-bbbb-3333-cccc-4444dddd5555"


def with_credentials(*credentials: Any) -> dict[str, Any]:
    return own(credentials=list(credentials)) if credentials else own()


def stored() -> list[Credential]:
    return list(Credential.objects.exclude(kind="secret").order_by("pk"))


def test_each_kind_is_imported_beside_the_secret() -> None:
    sources = [
        {"kind": "federated"},
        {"kind": "federated", "token_file": "/run/token"},
        {"kind": "federated", "managed_identity": True},
        {"kind": "federated", "managed_identity": CLIENT_ID},
    ]
    result = run(with_credentials(CERTIFICATE, *sources))
    assert result.notes == ()
    certificate, *federated = stored()
    assert certificate.value is not None
    assert certificate.value.reveal() == PAIR.private_key
    assert [(each.token_file, each.managed_identity) for each in federated] == [
        ("", ""),
        ("/run/token", ""),
        ("", "system"),
        ("", CLIENT_ID),
    ]
    assert Credential.objects.filter(kind="secret").count() == 1
    shown = "; ".join(differences(result))
    assert f"certificate: {certificate} (expires " in shown
    assert "federated credential: managed identity" in shown
    assert not [line for line in private_lines() if line in shown]
    # A second run changes nothing.
    again = run(with_credentials(CERTIFICATE, *sources))
    assert differences(again) == []
    assert Credential.objects.count() == 6


def test_a_connection_without_a_secret_needs_no_note_if_it_has_another_kind() -> None:
    entry = own(credentials=[CERTIFICATE])
    del entry["options"]["client_secret"]
    del entry["options"]["client_secret_expires_at"]
    assert run(entry).notes == ()


def test_another_certificate_is_added_to_those_stored() -> None:
    run(with_credentials(CERTIFICATE))
    other = {
        "kind": "certificate",
        "private_key": key_pair(1).private_key,
        "certificate": key_pair(1).certificate,
    }
    assert any("is added" in each for each in differences(run(with_credentials(other))))
    assert len(stored()) == 2


@pytest.mark.parametrize("placeholder", [None, "", "***", "##PRIVATE_KEY##", "[REDACTED]"])
def test_without_its_private_key_a_certificate_is_not_stored(placeholder: str | None) -> None:
    entry = with_credentials(CERTIFICATE | {"private_key": placeholder})
    assert any("the file has no private key for it" in note for note in run(entry).notes)
    assert stored() == []


@pytest.mark.parametrize(
    ("credential", "sentence"),
    [
        ({}, "This must be one of: certificate, federated."),
        ({"kind": "secret", "value": "x"}, "This must be one of: certificate, federated."),
        ({"kind": "certificate"}, "certificate: This key is missing."),
        ({"kind": "certificate", "certificate": 5}, "must be a string"),
        (CERTIFICATE | {"certificate": key_pair(1).certificate}, "do not belong together"),
        (
            CERTIFICATE | {"certificate": certificate_pem(rsa_key(), since=-9, days=-1)},
            "The certificate expired on",
        ),
        (CERTIFICATE | {"private_key": "-----BEGIN PRIVATE KEY-----"}, "private key is missing"),
        ({"kind": "federated", "token_file": "token"}, "Enter the whole path"),
        ({"kind": "federated", "managed_identity": "me"}, "Enter the client ID"),
        ({"kind": "federated", "managed_identity": 5}, "true, or a client ID"),
        (
            {"kind": "federated", "managed_identity": True, "token_file": "/run/token"},
            "not from both",
        ),
        ({"kind": "federated", "tokenfile": "/run/token"}, "This key is not known here."),
    ],
)
def test_a_mistake_is_refused_with_its_place(credential: Any, sentence: str) -> None:
    found = mistakes(with_credentials(credential))
    assert len(found) >= 1
    assert any(sentence in mistake for mistake in found), found
    assert all("credentials" in mistake for mistake in found)
    assert not [line for line in private_lines() if line in str(found)]
    assert not Credential.objects.exists()


def test_the_list_must_be_a_list_of_objects() -> None:
    assert "must be a list of objects" in mistakes(own(credentials="x"))[0]


def test_a_private_key_needs_an_encryption_key_even_on_a_dry_run(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    entry = own(credentials=[CERTIFICATE])
    del entry["options"]["client_secret"]
    del entry["options"]["client_secret_expires_at"]
    with pytest.raises(ImproperlyConfigured):
        run(entry, dry_run=True)


def test_the_export_has_no_private_key_and_can_be_imported_again() -> None:
    sources = [{"kind": "federated", "managed_identity": True}, {"kind": "federated"}]
    run(with_credentials(CERTIFICATE, *sources))
    text = "".join(as_json(export_connections(Connection.objects.all())))
    assert "PRIVATE" not in text
    assert not [line for line in private_lines() if line in text]
    (entry,) = json.loads(text)
    assert entry["options"]["azuread_connections"]["credentials"] == [
        {"kind": "certificate", "certificate": PAIR.certificate},
        {"kind": "federated", "managed_identity": True},
        {"kind": "federated", "token_file": ""},
    ]
    assert import_connections(text.encode()).outcomes[0].differences == ()
    Connection.objects.all().delete()
    notes = import_connections(text.encode()).notes
    assert any("the file has no private key for it" in note for note in notes)
    assert [each.kind for each in stored()] == ["federated", "federated"]
