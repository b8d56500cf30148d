"""How a certificate is named."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from azuread_connections.entra.certificates import (
    expiry_of,
    load_certificate,
    thumbprints_of,
    to_der,
    x5t_s256,
)
from tests.keys import key_pair

PEM = key_pair().certificate


def test_the_thumbprints_are_those_of_the_certificate() -> None:
    certificate = x509.load_pem_x509_certificate(PEM.encode())
    found = thumbprints_of(PEM)
    assert found.sha1 == certificate.fingerprint(hashes.SHA1()).hex().upper()
    assert found.sha256 == certificate.fingerprint(hashes.SHA256()).hex().upper()
    named = base64.urlsafe_b64decode(x5t_s256(PEM) + "=")
    assert named == certificate.fingerprint(hashes.SHA256())


def test_the_file_for_azure_is_the_same_certificate_in_der() -> None:
    assert x509.load_der_x509_certificate(to_der(PEM)) == load_certificate(PEM)
    assert expiry_of(PEM) == load_certificate(PEM).not_valid_after_utc


@pytest.mark.parametrize("text", ["", "no PEM", PEM[:200], key_pair().private_key])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*") as refused:
        to_der(text)
    assert "PRIVATE" not in str(refused.value)
