"""Credentials, which authenticate the client at the token endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .transport import Concealed, Value


class Credential(Protocol):
    """Proves to Microsoft that a token request is the client's. ``repr`` must hide its value."""

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        """Return the form parameters that authenticate one request (RFC 6749 section 2.3).

        ``client_id`` and ``token_url`` are the issuer and the audience of an assertion (RFC 7523
        section 3), which is made for one request.
        """
        ...


@dataclass(frozen=True)
class SecretCredential:
    """A client secret, sent unchanged (RFC 6749 section 2.3.1)."""

    value: Concealed = field(repr=False)

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return {"client_secret": self.value}
