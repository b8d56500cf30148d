"""The random values of set-up links and their sessions. The database has only their hashes."""

from __future__ import annotations

import hashlib
import secrets

#: Letters and digits that are not mistaken for one another.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_BYTES = 32


def new_token() -> str:
    """Return a value of 256 random bits for an address or a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_reference() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def hash_of(token: str) -> str:
    # No salt and no slow hash: nobody can guess 256 random bits.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
