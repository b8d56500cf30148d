"""Certificates of the registered app: how Azure and an assertion name them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


@dataclass(frozen=True)
class Thumbprints:
    """Digests of a certificate in hexadecimal. Azure's portal shows the SHA-1 one."""

    sha1: str
    sha256: str


def load_certificate(pem: str) -> x509.Certificate:
    """Raises ``ValueError`` for text that is not a certificate in PEM."""
    return x509.load_pem_x509_certificate(pem.encode())


def to_der(pem: str) -> bytes:
    """Return the content of the ``.cer`` file that Azure takes."""
    return load_certificate(pem).public_bytes(Encoding.DER)


def thumbprints_of(pem: str) -> Thumbprints:
    der = to_der(pem)
    # SHA-1 names the certificate, as in Azure's portal; nothing relies on its strength.
    sha1 = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    return Thumbprints(sha1.upper(), hashlib.sha256(der).hexdigest().upper())


def x5t_s256(pem: str) -> str:
    """Return the thumbprint for a JWT's header (RFC 7515 section 4.1.8)."""
    digest = hashlib.sha256(to_der(pem)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def expiry_of(pem: str) -> datetime:
    """Return when a certificate ends: aware, in UTC."""
    return load_certificate(pem).not_valid_after_utc
