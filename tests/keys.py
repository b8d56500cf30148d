"""Private keys and certificates for tests. Making a key is slow, so all tests share them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from azuread_connections.credentials.certificates import KeyPair

PASSWORD = "correct-horse-battery"
#: Every key made here in PEM, so that the suite can listen for it.
_MADE: list[str] = []


def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    return _rsa_key(number, bits)


@cache
def _rsa_key(number: int, bits: int) -> rsa.RSAPrivateKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    _MADE.append(private_pem(key))
    return key


@cache
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: Any, password: str = "") -> str:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def certificate_of(
    key: Any, *, days: int = 365, since: int = -1, name: str = "contoso"
) -> x509.Certificate:
    """A self-signed certificate, valid from ``since`` to ``days`` from now."""
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def certificate_pem(key: Any, **options: Any) -> str:
    return certificate_of(key, **options).public_bytes(Encoding.PEM).decode()


def key_pair(number: int = 0) -> KeyPair:
    """A key with its certificate, valid for a year."""
    return _key_pair(number)


@cache
def _key_pair(number: int) -> KeyPair:
    key = rsa_key(number)
    return KeyPair(private_pem(key), certificate_pem(key))


def pfx(key: Any, certificate: x509.Certificate | None, password: str = "") -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"contoso", key, certificate, None, encryption)


def hashed(rounds: int, key: Any, certificate: x509.Certificate) -> bytes:
    """A PKCS #12 file whose password is hashed so many times."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(PASSWORD.encode())
    )
    return pkcs12.serialize_key_and_certificates(b"contoso", key, certificate, None, encryption)


def private_lines() -> Iterator[str]:
    """A line from the middle of each key, which no other text has."""
    for pem in _MADE:
        lines = pem.splitlines()
        yield lines[len(lines) // 2]
