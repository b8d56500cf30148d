"""What an app registration can have instead of secrets: certificates and federated credentials."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from .directories import Directory

#: The audience that Azure's portal suggests for every federated credential.
TOKEN_EXCHANGE = "api://AzureADTokenExchange"


@dataclass
class Propagation:
    """How long Microsoft's servers refuse a credential after Graph has added it.

    The first `requests` token requests with it are refused, and all for `seconds`.
    """

    requests: int = 0
    seconds: float = 0

    def begun(self, now: float) -> Propagation:
        """A credential's own: `seconds` is the time at which it ends."""
        return Propagation(self.requests, now + self.seconds)

    def is_over(self, now: float) -> bool:
        """Ask once for each token request: it is counted."""
        if self.requests > 0:
            self.requests -= 1
            return False
        return self.seconds <= now


@dataclass
class CredentialPolicy:
    """An app management policy of the directory, as far as it concerns new credentials."""

    forbids_secrets: bool = False
    max_secret_days: float | None = None
    forbids_certificates: bool = False
    max_certificate_days: float | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(eq=False)
class AppCertificate:
    """A certificate uploaded to a registration: only its public half is known."""

    certificate: x509.Certificate
    key_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    name: str | None = None
    propagation: Propagation = field(default_factory=Propagation)

    @cached_property
    def _der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def thumbprint(self) -> str:
        """SHA-1 in hexadecimal, as Azure's portal shows it."""
        return hashlib.sha1(self._der, usedforsecurity=False).hexdigest().upper()

    @property
    def content(self) -> str:
        """The certificate in base64, as Graph names it (`key`)."""
        return base64.b64encode(self._der).decode()

    def is_named(self, x5t_s256: object, x5t: object) -> bool:
        """Whether an assertion's header names this certificate, by one digest or the other."""
        by_sha256 = _digest(hashlib.sha256(self._der).digest())
        by_sha1 = _digest(hashlib.sha1(self._der, usedforsecurity=False).digest())
        return by_sha256 == x5t_s256 if x5t_s256 else by_sha1 == x5t

    def is_expired(self, now: float) -> bool:
        return self.certificate.not_valid_after_utc.timestamp() <= now


@dataclass(eq=False)
class AppFederatedCredential:
    """A rule of a registration: tokens with this issuer, subject and audience are accepted."""

    issuer: str
    subject: str
    audience: str = TOKEN_EXCHANGE


@dataclass(eq=False)
class ManagedIdentity:
    """The identity of the machine on which a program runs; `client_id` is None for its own."""

    directory: Directory
    client_id: str | None = None
    principal_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def _digest(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
