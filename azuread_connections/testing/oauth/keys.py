"""Signing keys: generated in every process, never stored."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

KEYS_AT_START = 3

# The tenant of Microsoft's personal accounts, and the index of its key among the keys.
PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"
PERSONAL_KEY = -1
# Far from the keys of apps, which are counted down from there.
_OF_ISSUERS = -1000

_generating = threading.Lock()


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with its self-signed certificate."""

    private_key: rsa.RSAPrivateKey
    certificate: bytes
    kid: str

    def sign(self, message: bytes) -> bytes:
        """RS256 over the message."""
        return self.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def jwk(self) -> dict[str, Any]:
        """The key as in the v1 document, without `alg`."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": base64url(numbers.e.to_bytes(3, "big")),
            "x5c": [base64.b64encode(self.certificate).decode()],
        }

    def pem(self) -> bytes:
        return self.private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


class KeyRing:
    """The published keys and the one that signs. Not thread-safe: the state's lock guards it."""

    def __init__(self) -> None:
        self._made = 0
        self._made_for_apps = 0
        self._of_apps: dict[str, SigningKey] = {}
        self.published: list[SigningKey] = []
        self.current = self._next()
        for _ in range(KEYS_AT_START - 1):
            self._next()

    def rotate(self, *, keep_old: bool) -> SigningKey:
        """Sign with a new key; `keep_old=False` withdraws all the others."""
        if not keep_old:
            self.published.clear()
        self.current = self._next()
        if not keep_old:
            # There is always more than one key.
            self._next()
        return self.current

    def find(self, kid: str | None) -> SigningKey:
        """The published key of that id, or the one that signs now."""
        if kid is None:
            return self.current
        known = [*self.published, self.personal, *self._of_apps.values()]
        return next(key for key in known if key.kid == kid)

    def signing_for(self, tenant_id: str, client_id: str) -> SigningKey:
        """The key that signs for an app in a directory: its own, if it has one. Personal accounts
        have a separate one, too."""
        if tenant_id == PERSONAL_ACCOUNTS:
            return self.personal
        return self._of_apps.get(client_id, self.current)

    def of_app(self, client_id: str) -> SigningKey | None:
        """The key of an app that has its own one (claims mapping)."""
        return self._of_apps.get(client_id)

    def give_app_a_key(self, client_id: str) -> SigningKey:
        """Sign for this app with its own key, which is in no other document."""
        self._made_for_apps += 1
        key = self._of_apps[client_id] = _key_number(PERSONAL_KEY - self._made_for_apps)
        return key

    @property
    def personal(self) -> SigningKey:
        """The key that signs for personal accounts only. It is not rolled."""
        return _key_number(PERSONAL_KEY)

    def _next(self) -> SigningKey:
        key = _key_number(self._made)
        self._made += 1
        # The order of Microsoft's keys means nothing, so the newest is not the first or the last.
        self.published.insert(len(self.published) // 2, key)
        return key


def key_of_issuer(number: int) -> SigningKey:
    """The key of another issuer than the stand-in itself, for federated credentials."""
    return _key_number(_OF_ISSUERS - number)


def base64url(data: bytes) -> str:
    """Base64url without padding, as everything in JOSE."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _key_number(number: int) -> SigningKey:
    with _generating:
        return _generate(number)


@cache
def _generate(number: int) -> SigningKey:
    """Generating a key takes a tenth of a second, so all key rings of a process share the keys."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"stand-in signing key {number + 1}")]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=5 * 365))
        .sign(private_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    # SHA-1 names the certificate here (RFC 7517, x5t); nothing relies on its strength.
    thumbprint = hashlib.sha1(certificate, usedforsecurity=False).digest()
    return SigningKey(private_key, certificate, base64url(thumbprint))
