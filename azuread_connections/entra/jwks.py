"""Key documents (JWKS, RFC 7517): reads one, and merges it with the known keys.

https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from .errors import MalformedResponse

#: Seconds for which a key is used after it was last published. Microsoft's servers do not all
#: publish the same keys at the same time: a key can be missing for minutes to two days.
UNSEEN_KEY_TTL = 36 * 3600
#: Microsoft publishes 5 to 14 keys at a time. The limit is for a forged response.
MAX_KEYS = 200

_MIN_KEY_BITS = 2048


@dataclass(frozen=True)
class SigningKey:
    """A key that signs ID tokens.

    ``issuer``: the issuer for which it may sign, with ``{tenantid}`` for any directory.
    ``cloud_instance_name``: its cloud. v1.0 documents have neither.
    """

    key_id: str
    public_key: RSAPublicKey
    issuer: str | None
    cloud_instance_name: str | None = None


@dataclass(frozen=True)
class KeySet:
    """Keys by ID, as stored in the cache: JSON members, and ``seen_at``, when each was last
    published. ``fetched_at``: when the document was last fetched. Both in seconds since 1970."""

    fetched_at: float
    keys: Mapping[str, Mapping[str, Any]]

    def __contains__(self, key_id: object) -> bool:
        return key_id in self.keys

    def shares_a_key_with(self, other: KeySet) -> bool:
        return not self.keys.keys().isdisjoint(other.keys)

    def usable_at(self, now: float) -> KeySet:
        """Return the keys that can be used now.

        The keys of the last document stay until another one is fetched; other keys stay for
        ``UNSEEN_KEY_TTL`` after they were last seen.
        """
        usable = {
            key_id: key
            for key_id, key in self.keys.items()
            if key["seen_at"] == self.fetched_at or now - key["seen_at"] < UNSEEN_KEY_TTL
        }
        return KeySet(self.fetched_at, usable)

    def added_to(self, known: KeySet | None) -> KeySet:
        """Return these keys and the known keys that were seen within ``UNSEEN_KEY_TTL``."""
        merged = dict(self.keys)
        for key_id, key in known.keys.items() if known else ():
            if self.fetched_at - key["seen_at"] < UNSEEN_KEY_TTL:
                merged.setdefault(key_id, key)
        newest = sorted(merged.items(), key=lambda item: -item[1]["seen_at"])
        return KeySet(self.fetched_at, dict(newest[:MAX_KEYS]))

    def signing_key(self, key_id: str) -> SigningKey:
        key = self.keys[key_id]
        return SigningKey(key_id, _public_key(key), key["issuer"], key["cloud_instance_name"])


def parse_key_document(document: Mapping[str, Any], now: float) -> KeySet:
    """Return the usable keys of a document. Raises ``MalformedResponse`` if it holds none.

    A malformed key is left out, so that the others remain usable. Microsoft's keys have no ``alg``:
    ``use`` and ``kty`` identify signing keys.
    """
    keys = document.get("keys")
    usable = {
        key["kid"]: {
            "n": key["n"],
            "e": key["e"],
            "issuer": key.get("issuer"),
            "cloud_instance_name": key.get("cloud_instance_name"),
            "seen_at": now,
        }
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and all(isinstance(key.get(member), str) for member in ("kid", "n", "e"))
        and isinstance(key.get("issuer"), str | None)
        and isinstance(key.get("cloud_instance_name"), str | None)
        and _is_sound(key)
    }
    if not usable:
        raise MalformedResponse("The directory's key document holds no usable signing key.")
    return KeySet(now, usable)


def _is_sound(key: Mapping[str, Any]) -> bool:
    try:
        return _public_key(key).key_size >= _MIN_KEY_BITS
    except ValueError:
        return False


def _public_key(key: Mapping[str, Any]) -> RSAPublicKey:
    return RSAPublicNumbers(e=_integer(key["e"]), n=_integer(key["n"])).public_key()


def _integer(base64url: str) -> int:
    padded = base64url + "=" * (-len(base64url) % 4)
    return int.from_bytes(base64.urlsafe_b64decode(padded), "big")
