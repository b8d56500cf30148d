"""An issuer of tokens that Microsoft accepts by federation, such as a Kubernetes cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt

from .directory.credentials import TOKEN_EXCHANGE
from .oauth.keys import SigningKey


@dataclass(eq=False)
class Issuer:
    """Signs tokens with a key that the stand-in knows, as Entra reads it from the issuer's URL."""

    url: str
    key: SigningKey = field(repr=False)
    clock: Callable[[], float] = time.time

    def token(
        self,
        subject: str,
        *,
        audience: str = TOKEN_EXCHANGE,
        lifetime: float = 3600,
        **claim_overrides: Any,
    ) -> str:
        """A signed token; an override of None removes the claim."""
        now = int(self.clock())
        claims = {
            "iss": self.url,
            "sub": subject,
            "aud": [audience],
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime),
        }
        claims |= claim_overrides
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.key.private_key, "RS256", {"kid": self.key.kid})
