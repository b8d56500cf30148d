from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured

from azuread_connections.models import Credential, Sealed, UndecryptableError
from tests.factories import CredentialFactory

GOOD_KEY = "r5_mhMRHaQmmVVIUjBqmDtzVleGXzPHHJ0o8imVXL2Y="


@pytest.mark.parametrize("keys", [[], ["short"], [None], [GOOD_KEY, None], [5], None, 5, GOOD_KEY])
def test_without_usable_keys_nothing_is_encrypted_or_decrypted(settings: Any, keys: Any) -> None:
    sealed = Sealed.seal("Abc8Q~plain")
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    with pytest.raises(UndecryptableError, match="and remove the unreadable one"):
        sealed.reveal()
    assert not sealed.is_readable
    for changed in (sealed.reencrypted, lambda: Sealed.seal("Abc8Q~other")):
        with pytest.raises(ImproperlyConfigured, match=r"ENCRYPTION_KEYS.*Make a key with"):
            changed()


# models
@pytest.mark.django_db
def test_sealed_values_never_show_and_rotate(settings):
    from cryptography.fernet import Fernet

    secret = CredentialFactory.create(value="Abc8Q~plain")
    secret.refresh_from_db()
    assert str(secret.value) == repr(secret.value) == f"{secret.value}" == "<Sealed>"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": [
            Fernet.generate_key().decode(),
            *settings.AZUREAD_CONNECTIONS["ENCRYPTION_KEYS"],
        ]
    }
    assert secret.value.reveal() == "Abc8Q~plain"
    Credential.objects.filter(pk=secret.pk).update(value="Bulk8Q~plain")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select value from azuread_connections_credential")
        [(raw,)] = cursor.fetchall()
    assert "plain" not in raw
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    with pytest.raises(ImproperlyConfigured):
        Sealed.seal("x")


@pytest.mark.django_db
def test_a_fixture_carries_ciphertext_and_takes_plain_text():
    secret = CredentialFactory.create(value="Abc8Q~plain")
    dumped = serializers.serialize("json", [secret])
    assert "plain" not in dumped
    Credential.objects.all().delete()
    [loaded] = serializers.deserialize("json", dumped)
    loaded.save()
    assert Credential.objects.get().value.reveal() == "Abc8Q~plain"
    import json

    data = json.loads(dumped)
    data[0]["fields"]["value"] = "Typed8Q~by-hand"
    [loaded] = serializers.deserialize("json", json.dumps(data))
    loaded.save()
    assert Credential.objects.get().value.reveal() == "Typed8Q~by-hand"


def test_an_opened_value_is_revealed_once_without_a_key(settings: Any) -> None:
    sealed = Sealed.seal("Abc8Q~plain")
    assert sealed.open()
    assert "Abc8Q" not in f"{sealed!r}{sealed}"
    for copied in (copy.copy(sealed), copy.deepcopy(sealed), pickle.loads(pickle.dumps(sealed))):
        assert copied.ciphertext == sealed.ciphertext
        assert copied._opened is None
    assert b"Abc8Q" not in pickle.dumps(sealed)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    assert sealed.reveal() == "Abc8Q~plain"
    with pytest.raises(UndecryptableError):
        sealed.reveal()
    assert not sealed.open()
