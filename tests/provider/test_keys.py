"""Signing keys: the first one, and how one follows the other."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.models import UndecryptableError
from azuread_connections.provider import key_rotation, keys
from azuread_connections.provider.lifetimes import KEY_PUBLISHED_BEFORE
from azuread_connections.provider.models import SigningKey

pytestmark = pytest.mark.django_db


def published() -> list[str]:
    return [key["kid"] for key in Client().get("/id/.well-known/jwks.json").json()["keys"]]


def signer() -> str:
    kid: str = jwt.get_unverified_header(keys.sign({"sub": "x"}))["kid"]
    return kid


def test_the_first_key_is_there_after_migrate() -> None:
    assert published() == [signer()]


def test_no_private_part_is_published_or_stored_in_the_clear() -> None:
    (key,) = Client().get("/id/.well-known/jwks.json").json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    stored = SigningKey.objects.get().private_key.ciphertext
    assert stored.startswith("encrypted:")
    assert "PRIVATE KEY" not in stored


def test_the_next_key_is_published_a_day_before_it_signs() -> None:
    first, now = signer(), timezone.now()

    key_rotation.rotate(now=now)

    assert signer() == first
    assert len(published()) == 2
    waiting = SigningKey.objects.exclude(kid=first).get()
    assert waiting.activates_at == now + timedelta(hours=24)


def test_a_second_rotation_changes_nothing_while_a_key_waits() -> None:
    key_rotation.rotate()
    before = published()
    rotation = key_rotation.rotate()
    assert not rotation.is_new
    assert published() == before


def test_the_next_key_signs_in_its_time_and_the_former_stays_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = signer()
    token = keys.sign({"sub": "x"})
    now = timezone.now()
    key_rotation.rotate(now=now)
    monkeypatch.setattr(timezone, "now", lambda: now + KEY_PUBLISHED_BEFORE)
    keys.forget()
    assert signer() != first
    assert keys.verify(token) == {"sub": "x"}

    over = now + KEY_PUBLISHED_BEFORE + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: over)
    keys.forget()

    assert first not in published()
    assert keys.verify(token) is None


def test_a_rotation_deletes_what_is_over() -> None:
    first, now = signer(), timezone.now()
    key_rotation.rotate(now=now)
    rotation = key_rotation.rotate(now=now + timedelta(days=30))
    assert rotation.deleted == 0
    assert SigningKey.objects.get(kid=first).private_key.reveal() == ""
    rotation = key_rotation.rotate(now=now + timedelta(days=420))
    assert rotation.deleted == 1
    assert not SigningKey.objects.filter(kid=first).exists()


def test_a_retired_key_still_proves_whom_a_hint_is_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, now = keys.sign({"sub": "x"}), timezone.now()
    key_rotation.rotate(now=now)
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=30))
    key_rotation.rotate()
    assert keys.verify(token) is None
    assert keys.verify_hint(token) == {"sub": "x"}
    assert keys.verify_hint(keys.sign({"sub": "x"}, typ=keys.TYP_LOGOUT_JWT)) is None
    key_rotation.rotate(is_compromised=True)
    assert keys.verify_hint(token) is None


def test_a_compromised_key_is_withdrawn_at_once() -> None:
    first, token = signer(), keys.sign({"sub": "x"})
    key_rotation.rotate()

    call_command("rotate_signing_keys", "--compromised", stdout=StringIO())

    assert first not in published()
    assert published() == [signer()]
    assert keys.verify(token) is None


def test_the_command_says_which_key_signs() -> None:
    out = StringIO()
    call_command("rotate_signing_keys", stdout=out)
    assert f"Signs now: {signer()}" in out.getvalue()
    assert "Signs from" in out.getvalue()


def test_without_an_encryption_key_the_command_says_what_is_missing(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        call_command("rotate_signing_keys", stdout=StringIO())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_of_ours_is_not_verified(token: str) -> None:
    assert keys.verify(token) is None


def test_a_token_signed_with_the_public_key_as_a_secret_is_not_verified() -> None:
    (key,) = keys.published_keys()
    forged = jwt.encode({"sub": "x"}, key.jwk["n"], algorithm="HS256", headers={"kid": key.kid})
    assert keys.verify(forged) is None


def test_a_key_that_cannot_be_decrypted_signs_nothing(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": ["Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="]
    }
    keys._load.cache_clear()
    with pytest.raises(UndecryptableError):
        keys.sign({"sub": "x"})


def test_a_rotation_encrypts_with_the_first_key(settings: Any) -> None:
    new, old = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=", settings.AZUREAD_CONNECTIONS
    first = signer()
    settings.AZUREAD_CONNECTIONS = old | {
        "ENCRYPTION_KEYS": [new, *old["ENCRYPTION_KEYS"]],
    }
    key_rotation.rotate()
    settings.AZUREAD_CONNECTIONS = old | {"ENCRYPTION_KEYS": [new]}
    keys._load.cache_clear()
    assert signer() == first


def test_a_key_that_is_lost_is_replaced_at_once_and_its_tokens_stay_valid(settings: Any) -> None:
    first, token = signer(), keys.sign({"sub": "x"})
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": ["Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="]
    }
    keys._load.cache_clear()
    key_rotation.rotate()
    assert signer() != first
    assert keys.verify(token) == {"sub": "x"}
    assert SigningKey.objects.get(kid=first).retires_at is not None


def test_they_are_read_once_a_minute(django_assert_num_queries: Any) -> None:
    published()
    with django_assert_num_queries(0):
        published()
