from typing import Any

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from azuread_connections.entra.certificates import thumbprints_of
from azuread_connections.entra.errors import CredentialFailed
from azuread_connections.models import Credential
from azuread_connections.models.credential import NoUsableCredential, readable_credentials
from tests.factories import (
    CertificateFactory,
    ConnectionFactory,
    CredentialFactory,
    FederatedFactory,
)
from tests.keys import key_pair, private_lines

pytestmark = pytest.mark.django_db


def test_a_refusal_and_a_success_are_noted_of_one_secret_only(contoso):
    first = contoso.connection.credentials.get()
    CredentialFactory.create(connection=contoso.connection)
    first.record_failure(CredentialFailed())
    assert list(Credential.objects.exclude(refused_at=None)) == [first]
    first.refresh_from_db()
    first.last_success_at = timezone.now()
    first.save()
    first.record_success()  # within the hour, but a refusal has to be removed
    first.refresh_from_db()
    assert first.refused_at is None


# --- A row is whole for its kind ------------------------------------------------------------------

PAIR = key_pair()
CERTIFICATE = {
    "kind": "certificate",
    "value": PAIR.private_key,
    "certificate": PAIR.certificate,
    "expires_at": timezone.now(),
}


def row(**fields: Any) -> Credential:
    return Credential(connection=ConnectionFactory.create(), hint="abc", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "Abc8Q~a-secret-0123"},
        CERTIFICATE,
        {"kind": "federated"},
        {"kind": "federated", "token_file": "/run/token"},
        {"kind": "federated", "managed_identity": "system"},
    ],
)
def test_a_whole_row_is_stored(fields: dict[str, Any]) -> None:
    credential = row(**fields)
    # Not save(): the database itself decides.
    Credential.objects.bulk_create([credential])
    assert Credential.objects.get().kind == fields.get("kind", "secret")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "unknown", "value": "x"},
        {"value": "x", "certificate": PAIR.certificate},
        {"value": "x", "token_file": "/run/token"},
        {"value": "x", "managed_identity": "system"},
        CERTIFICATE | {"value": None},
        CERTIFICATE | {"certificate": ""},
        CERTIFICATE | {"expires_at": None},
        CERTIFICATE | {"token_file": "/run/token"},
        CERTIFICATE | {"managed_identity": "system"},
        {"kind": "federated", "value": "x"},
        {"kind": "federated", "certificate": PAIR.certificate},
        {"kind": "federated", "expires_at": timezone.now()},
        {"kind": "federated", "token_file": "/run/token", "managed_identity": "system"},
    ],
)
def test_the_database_refuses_half_a_row(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.bulk_create([row(**fields)])
    assert not Credential.objects.exists()


def test_a_certificate_names_itself_and_its_end() -> None:
    credential = CertificateFactory.create(expires_at=timezone.now())
    credential.refresh_from_db()
    end = x509.load_pem_x509_certificate(PAIR.certificate.encode()).not_valid_after_utc
    assert credential.expires_at == end
    assert str(credential) == f"{thumbprints_of(PAIR.certificate).sha1[:8]}…"
    assert credential.value is not None
    assert credential.value.reveal() == PAIR.private_key


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "AZURE_FEDERATED_TOKEN_FILE"),
        ({"token_file": "/run/secrets/token"}, "/run/secrets/token"),
        ({"token_file": "/" + "a" * 200 + "/token"}, "a" * 54 + "/token"),
        ({"managed_identity": "system"}, "managed identity"),
        (
            {"managed_identity": "11112222-bbbb-3333-cccc-4444dddd5555"},
            "managed identity 11112222-bbbb-3333-cccc-4444dddd5555",
        ),
    ],
)
def test_a_federated_credential_is_named_by_its_source(fields: dict[str, Any], name: str) -> None:
    credential = FederatedFactory.create(**fields)
    credential.refresh_from_db()
    assert str(credential) == name


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"token_file": "token"}, "Enter the whole path"),
        ({"token_file": "/a\nb"}, "invisible character"),
        ({"managed_identity": "me"}, "a GUID, or “system”"),
        ({"token_file": "/a", "managed_identity": "system"}, "not from both"),
    ],
)
def test_a_source_that_cannot_be_one_is_refused(fields: dict[str, Any], message: str) -> None:
    credential = row(kind="federated", **fields)
    with pytest.raises(ValidationError) as refused:
        credential.full_clean(exclude=["hint"])
    assert message in " ".join(refused.value.messages)


def test_no_representation_shows_the_private_key() -> None:
    credential = CertificateFactory.create()
    shown = f"{credential!r} {credential} {credential.for_request(credential.connection)!r}"
    assert "PRIVATE" not in shown
    assert not [line for line in private_lines() if line in f"{shown} {vars(credential)}"]


def test_an_unreadable_private_key_is_passed_over(settings: Any) -> None:
    certificate = CertificateFactory.create()
    keys = [Fernet.generate_key().decode()]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    certificate.refresh_from_db()
    assert not certificate.is_readable
    with pytest.raises(NoUsableCredential, match="ENCRYPTION_KEYS"):
        list(readable_credentials(certificate.connection))
    assert FederatedFactory.create().is_readable
