"""Certificates that an administrator pastes, uploads or has made here.

Azure verifies assertions with RSA keys only.
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..entra.frames import without_frame_variables
from .key_encryption import MAX_KEY_BYTES, MAX_ROUNDS, NotDER, TooCostly, require_affordable

#: A key and a chain of certificates have some 10 kB.
MAX_BYTES = 64 * 1024
#: Bits. A longer key would make each sign-in slow.
MIN_BITS, MAX_BITS = 2048, 8192
YEARS = (1, 2, 3)
_MADE_BITS = 3072
#: Both clocks may differ, and Azure refuses a certificate that is not valid yet.
_BACKDATED = timedelta(minutes=5)
_MAX_COMMON_NAME = 64

#: Ends at the next five dashes, so that many BEGINs without an END are read only once.
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----")
_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")


@dataclass(frozen=True)
class KeyPair:
    """A private key (PEM, PKCS #8, not encrypted) and its certificate (PEM)."""

    private_key: str = field(repr=False)
    certificate: str


@without_frame_variables
def read_certificate(content: bytes, password: str = "") -> KeyPair:
    """Read a private key with its certificate: PEM, or PKCS #12 (a .pfx or .p12 file).

    Raises ``ValidationError``, which quotes nothing of the content.
    """
    if len(content) > MAX_BYTES:
        raise ValidationError(
            _("This is too large for a private key and its certificate (over %(limit)d bytes)."),
            code="certificate_large",
            params={"limit": MAX_BYTES},
        )
    if b"-----BEGIN" in content:
        key, certificates = _from_pem(content.decode("utf-8", "replace"), password)
    else:
        key, certificates = _from_pkcs12(content, password)
    return _fitting(key, certificates)


@without_frame_variables
def create_certificate(common_name: str, years: int, now: datetime | None = None) -> KeyPair:
    """Make an RSA key of 3072 bits with a self-signed certificate."""
    if years not in YEARS:
        raise ValidationError(_("Choose one to three years."), code="certificate_years")
    return create_certificate_for(common_name, timedelta(days=365 * years), now)


@without_frame_variables
def create_certificate_for(
    common_name: str, lifetime: timedelta, now: datetime | None = None
) -> KeyPair:
    """Make one that ends after ``lifetime``: a policy of the directory can limit it."""
    now = now or datetime.now(UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_MADE_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_MAX_COMMON_NAME])])
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pair(key, certificate)


@without_frame_variables
def _from_pem(text: str, password: str) -> tuple[Any, list[x509.Certificate]]:
    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(text)]
    keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
    found = [block for label, block in blocks if label in _CERTIFICATES]
    if not blocks:
        raise _not_readable()
    if not keys:
        raise ValidationError(
            _("The private key is missing: paste it too, from “BEGIN PRIVATE KEY” to its END."),
            code="key_missing",
        )
    if len(keys) > 1:
        raise ValidationError(_("There is more than one private key."), code="keys_many")
    if not found:
        raise ValidationError(
            _("The certificate is missing: paste it too, from “BEGIN CERTIFICATE” to its END."),
            code="certificate_missing",
        )
    try:
        certificates = [x509.load_pem_x509_certificate(block.encode()) for block in found]
    except ValueError:
        raise ValidationError(
            _("The certificate is damaged. Copy it again, with all its lines."),
            code="certificate_damaged",
        ) from None
    return _load_key(keys[0], password), certificates


@without_frame_variables
def _load_key(block: str, password: str) -> Any:
    is_encrypted = "ENCRYPTED" in block
    if is_encrypted and not password:
        raise _password_missing()
    content = _decoded(block)
    if len(content) > MAX_KEY_BYTES:
        raise _too_costly()
    if block.startswith("-----BEGIN ENCRYPTED"):
        _require_affordable(content)
    try:
        # A password for a key without one is ignored.
        return load_pem_private_key(block.encode(), password.encode() if is_encrypted else None)
    except UnsupportedAlgorithm:
        raise _not_rsa() from None
    except (ValueError, TypeError):
        if is_encrypted:
            raise _password_wrong() from None
        raise _key_damaged() from None


@without_frame_variables
def _decoded(block: str) -> bytes:
    """Return about what a block of PEM contains; the library decides whether it is correct."""
    lines = [line.strip() for line in block.splitlines()[1:-1]]
    try:
        return base64.b64decode("".join(line for line in lines if ":" not in line))
    except ValueError:
        raise _key_damaged() from None


@without_frame_variables
def _require_affordable(content: bytes) -> None:
    try:
        require_affordable(content)
    except TooCostly:
        raise _too_costly() from None
    except NotDER:
        raise ValidationError(
            _("This file is damaged or has a rare encoding. Convert it to PEM, and paste that."),
            code="certificate_encoding",
        ) from None


@without_frame_variables
def _from_pkcs12(content: bytes, password: str) -> tuple[Any, list[x509.Certificate]]:
    if not content.startswith(b"\x30"):  # a sequence in DER
        raise _not_readable()
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        pass
    else:
        raise ValidationError(
            _("This is the certificate alone. The private key is needed too (PEM or .pfx)."),
            code="key_missing",
        )
    _require_affordable(content)
    try:
        key, certificate, further = pkcs12.load_key_and_certificates(
            content, password.encode() if password else None
        )
    except UnsupportedAlgorithm:
        raise _not_rsa() from None
    except (ValueError, TypeError):
        raise (_pfx_password_wrong() if password else _pfx_password_missing()) from None
    if key is None or certificate is None:
        raise ValidationError(
            _("The file has no private key with its certificate."), code="key_missing"
        )
    return key, [certificate, *further]


def _fitting(key: Any, certificates: Sequence[x509.Certificate]) -> KeyPair:
    """Check the key, and choose its certificate; a chain has those of its issuers too."""
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _not_rsa()
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise ValidationError(
            _("The RSA key has %(bits)d bits. Use one of %(least)d to %(most)d bits."),
            code="key_size",
            params={"bits": key.key_size, "least": MIN_BITS, "most": MAX_BITS},
        )
    own = _public(key.public_key())
    chosen = [each for each in certificates if _public(each.public_key()) == own]
    if not chosen:
        raise ValidationError(
            _("The private key and the certificate do not belong together."), code="key_differs"
        )
    certificate, now = chosen[0], datetime.now(UTC)
    if certificate.not_valid_after_utc <= now:
        raise ValidationError(
            _("The certificate expired on %(date)s. Create a new one."),
            code="certificate_expired",
            params={"date": certificate.not_valid_after_utc.date().isoformat()},
        )
    if certificate.not_valid_before_utc > now + _BACKDATED:
        raise ValidationError(
            _("The certificate is not valid before %(date)s."),
            code="certificate_early",
            params={"date": certificate.not_valid_before_utc.date().isoformat()},
        )
    return _pair(key, certificate)


def _public(key: Any) -> bytes:
    content: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return content


def _pair(key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> KeyPair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private.decode(), certificate.public_bytes(Encoding.PEM).decode())


def _not_readable() -> ValidationError:
    return ValidationError(
        _(
            "This is neither PEM text, which begins with “-----BEGIN”, nor a PKCS #12 file (.pfx "
            "or .p12)."
        ),
        code="certificate_format",
    )


def _too_costly() -> ValidationError:
    return ValidationError(
        _(
            "Opening this private key would take too long: it is longer than %(most)d bits, or its "
            "password is hashed more than %(rounds)d times. Export it again."
        ),
        code="key_costly",
        params={"most": MAX_BITS, "rounds": MAX_ROUNDS},
    )


def _not_rsa() -> ValidationError:
    return ValidationError(
        _("The private key is not an RSA key. Azure accepts only RSA here."), code="key_not_rsa"
    )


def _key_damaged() -> ValidationError:
    return ValidationError(
        _("The private key is damaged. Copy it again, with all its lines."), code="key_damaged"
    )


def _password_missing() -> ValidationError:
    return ValidationError(
        _("The private key is encrypted: enter its password."), code="password_missing"
    )


def _password_wrong() -> ValidationError:
    return ValidationError(_("The password does not open the private key."), code="password_wrong")


def _pfx_password_missing() -> ValidationError:
    return ValidationError(
        _("The file needs a password, or is not a PKCS #12 file (.pfx or .p12)."),
        code="password_missing",
    )


def _pfx_password_wrong() -> ValidationError:
    return ValidationError(
        _("The password does not open the file, or the file is damaged."), code="password_wrong"
    )
