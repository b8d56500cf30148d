"""This site as clients elsewhere see it: by its domain, over TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.entra.raw_server import Conversation


@dataclass(frozen=True)
class Site:
    """``domain`` is what a client of Auth0's would be given, ``certificate`` whom it trusts."""

    domain: str
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/"


def ending_tls(port: int) -> Conversation:
    """Pass on to a server of this machine that speaks HTTP without TLS."""
    return lambda wire: wire.tunnel(port)


def tls_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def write_certificate(file: Path) -> Path:
    """Write a self-signed certificate of "localhost", with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file
