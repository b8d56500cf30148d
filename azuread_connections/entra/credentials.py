"""Credentials, which authenticate the client at the token endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .certificates import x5t_s256
from .errors import CredentialUnavailable
from .federation import TokenSource
from .frames import without_frame_variables
from .transport import Concealed, Secret, Value
from .unavailable import UNUSABLE_KEY

#: RFC 7523 section 2.2.
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Seconds. Microsoft advises five to ten minutes.
ASSERTION_LIFETIME = 600


class Credential(Protocol):
    """Proves to Microsoft that a token request is the client's. ``repr`` must hide its value."""

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        """Return the form parameters that authenticate one request (RFC 6749 section 2.3).

        ``client_id`` and ``token_url`` are the issuer and the audience of an assertion (RFC 7523
        section 3), which is made for one request. Raises ``CredentialUnavailable`` if what it needs
        cannot be read here.
        """
        ...


@dataclass(frozen=True)
class SecretCredential:
    """A client secret, sent unchanged (RFC 6749 section 2.3.1)."""

    value: Concealed = field(repr=False)

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return {"client_secret": self.value}


@dataclass(frozen=True)
class CertificateCredential:
    """A private key and its certificate, both in PEM. Only signatures are sent.

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """

    private_key: Concealed = field(repr=False)
    certificate: str = field(repr=False)

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return _assertion(self._sign(client_id, token_url))

    @without_frame_variables
    def _sign(self, client_id: str, token_url: str) -> str:
        now = int(time.time())
        claims = {
            "aud": token_url,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME,
        }
        try:
            key = load_pem_private_key(self.private_key.reveal().encode(), password=None)
            headers = {"x5t#S256": x5t_s256(self.certificate)}
            return jwt.encode(claims, key, "PS256", headers)  # type: ignore[arg-type]
        except (ValueError, TypeError, jwt.PyJWTError):
            # Nothing of the key may be quoted.
            raise CredentialUnavailable(*UNUSABLE_KEY) from None


@dataclass(frozen=True)
class FederatedCredential:
    """Another issuer's token, such as that of a Kubernetes cluster, sent as it is.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation
    """

    source: TokenSource

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return _assertion(self.source.read().text)


def _assertion(text: str) -> Mapping[str, Value]:
    return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": Secret(text)}
