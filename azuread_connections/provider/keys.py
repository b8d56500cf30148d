"""The keys that sign tokens for clients: which one signs, and which are published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from ..conf import CACHE_PREFIX, conf
from ..models.fields import Sealed, UndecryptableError
from ..models.validators import is_plain
from .models import SigningKey

ALGORITHM = "RS256"
TYP_JWT = "JWT"
#: RFC 9068 section 2.1: so that nobody takes the one for the other.
TYP_AT_JWT = "at+jwt"
#: OpenID Connect Back-Channel Logout 1.0 section 2.4.
TYP_LOGOUT_JWT = "logout+jwt"
_CACHE_KEY = f"{CACHE_PREFIX}:provider:signing_keys"
#: Seconds for which the keys are not read again. Far less than a next one waits.
_CACHE_TTL = 60.0

_SIGNATURE_ONLY: Any = dict.fromkeys(
    ("verify_aud", "verify_exp", "verify_nbf", "verify_iat"), False
)


class NoSigningKey(Exception):
    """No key signs now."""


@dataclass(frozen=True)
class PublishedKey:
    """A published key. ``sealed``: the private part, encrypted as in the database."""

    kid: str
    jwk: dict[str, Any]
    sealed: str
    activates_at: datetime


def published_keys() -> list[PublishedKey]:
    """Return the keys that clients have to know, those that sign first in front. No query while
    they are cached."""
    known: list[PublishedKey] | None = conf.cache.get(_CACHE_KEY)
    if known is None:
        rows = SigningKey.objects.published(timezone.now()).order_by("activates_at", "pk")
        known = [
            PublishedKey(row.kid, row.public_key, row.private_key.ciphertext, row.activates_at)
            for row in rows
        ]
        conf.cache.set(_CACHE_KEY, known, _CACHE_TTL)
    return known


def sign(claims: dict[str, Any], *, typ: str = TYP_JWT) -> str:
    """Return a signed token of these claims, with ``typ`` in its header.

    Raises ``NoSigningKey`` and ``UndecryptableError``.
    """
    try:
        key, private_key = _signing_key()
    except UndecryptableError:
        # Re-encrypted since it was cached, and the former encryption key is gone.
        forget()
        key, private_key = _signing_key()
    headers = {"kid": key.kid, "typ": typ}
    return jwt.encode(claims, private_key, algorithm=ALGORITHM, headers=headers)


def _signing_key() -> tuple[PublishedKey, RSAPrivateKey]:
    now = timezone.now()
    active = [key for key in published_keys() if key.activates_at <= now]
    if not active:
        raise NoSigningKey("No key signs now. Run: manage.py rotate_signing_keys")
    return active[-1], _load(active[-1].sealed)


def verify(token: str) -> dict[str, Any] | None:
    """Return the claims of an ID token that one of the published keys has signed, or None.

    Neither its times nor its audience are checked.
    """
    return _verify(token, lambda kid: next(_published(kid), None))


def verify_hint(token: str) -> dict[str, Any] | None:
    """The same, also for a key that has retired (``id_token_hint``): a client keeps its ID token
    for as long as its own session. Not for a key that was withdrawn as compromised."""
    return _verify(token, lambda kid: next(_published(kid), None) or _find_retired(kid))


def verify_access_token(token: str) -> dict[str, Any] | None:
    """Return the claims of an access token (RFC 9068) that one of the published keys has signed, or
    None. Neither its times nor its audience are checked."""
    return _verify(token, lambda kid: next(_published(kid), None), typ=TYP_AT_JWT)


def _verify(
    token: str, find_key: Callable[[str], dict[str, Any] | None], *, typ: str = TYP_JWT
) -> dict[str, Any] | None:
    try:
        header = jwt.get_unverified_header(token)
        jwk = find_key(str(header.get("kid", ""))) if header.get("typ") == typ else None
        if jwk is None:
            return None
        public_key: Any = RSAAlgorithm.from_jwk(jwk)
        found: dict[str, Any] = jwt.decode(
            token, public_key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY
        )
    except (jwt.InvalidTokenError, ValueError):
        return None
    return found


def _published(kid: str) -> Iterator[dict[str, Any]]:
    return (key.jwk for key in published_keys() if key.kid == kid)


def _find_retired(kid: str) -> dict[str, Any] | None:
    if not is_plain(kid):
        return None
    row = SigningKey.objects.filter(kid=kid).first()
    return row.public_key if row else None


def forget() -> None:
    """Read the keys again at the next request."""
    conf.cache.set(_CACHE_KEY, None, 1)


@lru_cache(maxsize=8)
def _load(sealed: str) -> RSAPrivateKey:
    """Parsing takes longer than signing."""
    key = load_pem_private_key(Sealed(sealed).reveal().encode(), password=None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101  (the only kind that is stored)
    return key
