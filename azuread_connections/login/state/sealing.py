"""Seals values that come back in a cookie or an address: encrypted and authenticated, with a key
derived for each purpose (RFC 5869)."""

from __future__ import annotations

import base64
import json
import secrets
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ...conf import conf

_NONCE_BYTES = 12


class BrokenSeal(Exception):
    """This site has not sealed the value, or not for this purpose and name."""


def seal(purpose: str, value: Any, *, name: str = "") -> str:
    """Encrypt a JSON value to text that only ``unseal`` with the same ``name`` can open."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    payload = json.dumps(value, separators=(",", ":")).encode()
    return base64url(nonce + _ciphers(purpose)[0].encrypt(nonce, payload, name.encode()))


def unseal(purpose: str, text: str, *, name: str = "") -> Any:
    """Return what ``seal`` sealed. Raises ``BrokenSeal``."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BrokenSeal from None
    for cipher in _ciphers(purpose):
        try:
            payload = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            continue
        return json.loads(payload)
    raise BrokenSeal


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _ciphers(purpose: str) -> list[AESGCM]:
    """Return a cipher for SECRET_KEY, which seals, and one for each of its fall-backs."""
    return [_cipher(purpose, key) for key in conf.sealing_keys]


@lru_cache(maxsize=32)
def _cipher(purpose: str, key: bytes) -> AESGCM:
    info = f"azuread_connections.{purpose}".encode()
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=info).derive(key))
