"""Discovery and signing keys: fetched, cached, rolled over, kept while Microsoft is down.

https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from .cloud import Authority
from .deadline import seconds_left
from .errors import EntraError, MalformedAnswer, MicrosoftError, UnknownSigningKey, Unreachable
from .transport import Answer, Transport

#: Seconds. Keys are fresh for a day, and serve for a week while Microsoft cannot be reached.
KEYS_FRESH = 24 * 3600
KEYS_KEPT = 7 * 24 * 3600
#: An unknown key ID refetches the keys, but not again within this time.
UNKNOWN_KID_FLOOR = 300
#: After a failed fetch, the next attempt waits so long, unless there are no keys at all.
RETRY_FLOOR = 30
#: For so long a process goes by a key that it has found, without another look into the cache.
REMEMBERED = 30
_MOST_REMEMBERED = 1000

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MIN_KEY_BITS = 2048


class Cache(Protocol):
    """What is needed of a cache; Django's fits. Shared between processes, it saves requests."""

    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Any, timeout: float | None = ...) -> Any: ...
    def add(self, key: str, value: Any, timeout: float | None = ...) -> bool: ...


@dataclass(frozen=True)
class SigningKey:
    """A key that signs ID tokens. ``issuer``: for whom it may, with ``{tenantid}`` for anybody."""

    key_id: str
    public_key: RSAPublicKey
    issuer: str | None


#: By address and key ID: keys that a process has found, and until when it goes by them.
RecentKeys = dict[tuple[str, str], tuple[SigningKey, float]]


@dataclass(frozen=True)
class _KeySet:
    fetched_at: float
    keys: Mapping[str, Mapping[str, Any]]


@dataclass
class _Gate:
    """Lets one thread fetch at a time; those who waited in vain share its failure."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    failure: tuple[str, EntraError] | None = None

    @contextmanager
    def passed_by_one(self, url: str) -> Iterator[None]:
        seen = self.failure
        if not self.lock.acquire(timeout=min(max(seconds_left(), 0), threading.TIMEOUT_MAX)):
            raise Unreachable("Others waited for the signing keys for all of the time.")
        try:
            if self.failure is not seen and self.failure and self.failure[0] == url:
                raise copy(self.failure[1])
            try:
                yield
            except EntraError as error:
                self.failure = url, error
                raise
        finally:
            self.lock.release()


class SigningKeys:
    """Finds signing keys by address and key ID. ``recent``: what this process remembers of them."""

    # One thread fetches an address at a time; a few locks serve any number of addresses.
    _gates = tuple(_Gate() for _ in range(16))

    def __init__(
        self,
        transport: Transport,
        cache: Cache,
        clock: Callable[[], float] = time.time,
        recent: RecentKeys | None = None,
    ) -> None:
        self._transport = transport
        self._cache = cache
        self._clock = clock
        self._recent: RecentKeys = {} if recent is None else recent

    def find(self, url: str, key_id: str) -> SigningKey:
        """Return the key of this ID.

        Raises ``UnknownSigningKey`` if the directory does not publish it, ``Unreachable`` or
        ``MalformedAnswer`` if no key set is to be had.
        """
        key, until = self._recent.get((url, key_id), (None, 0.0))
        if key is not None and until - REMEMBERED <= self._clock() < until:
            return key
        known = self._load(url)
        if known is None or not self._is_fresh(known):
            known = self._renewed(url, key_id)
        if key_id not in known.keys:
            known = self._refetched_for(url, key_id, known)
        if key_id not in known.keys:
            raise UnknownSigningKey("The token's signing key is not published by the directory.")
        key = _signing_key(known.keys[key_id])
        self._remember(url, key, known)
        return key

    def refresh(self, url: str) -> int:
        """Fetch the keys now, whatever is known; return how many there are. Raises as ``find``."""
        return len(self._fetch(url).keys)

    def _renewed(self, url: str, key_id: str) -> _KeySet:
        """Fetch keys that are missing or old; old ones serve on while Microsoft is down."""
        with self._gate(url).passed_by_one(url):
            current = self._load(url)
            if current is not None and self._is_fresh(current):
                return current
            if current is not None and not self._may_fetch(url, "retry", RETRY_FLOOR):
                return current
            try:
                return self._fetch(url)
            except EntraError:
                if current is None or key_id not in current.keys:
                    raise
                return current

    def _refetched_for(self, url: str, key_id: str, known: _KeySet) -> _KeySet:
        """Answer an unknown key ID with one refetch, and a flood of them with no more."""
        with self._gate(url).passed_by_one(url):
            current = self._load(url) or known
            if key_id in current.keys or current.fetched_at > known.fetched_at:
                return current
            just_fetched = self._clock() - current.fetched_at < 1
            if just_fetched or not self._may_fetch(url, "unknown", UNKNOWN_KID_FLOOR):
                return current
            try:
                return self._fetch(url)
            except EntraError:
                # The key may well be there: let the next sign-in ask again, though not at once.
                self._cache.set(_cache_key(url, "unknown"), 1, RETRY_FLOOR)
                raise

    def _remember(self, url: str, key: SigningKey, found_in: _KeySet) -> None:
        until = min(self._clock() + REMEMBERED, found_in.fetched_at + KEYS_FRESH)
        if len(self._recent) >= _MOST_REMEMBERED:
            self._recent.clear()
        self._recent[url, key.key_id] = key, until

    def _fetch(self, url: str) -> _KeySet:
        key_set = _KeySet(self._clock(), _usable_keys(_success(self._transport.get(url))))
        self._cache.set(_cache_key(url, "set"), (key_set.fetched_at, dict(key_set.keys)), KEYS_KEPT)
        for known in list(self._recent):
            if known[0] == url:
                self._recent.pop(known, None)
        return key_set

    def _load(self, url: str) -> _KeySet | None:
        stored = self._cache.get(_cache_key(url, "set"))
        return _KeySet(*stored) if stored else None

    def _is_fresh(self, key_set: _KeySet) -> bool:
        return self._clock() - key_set.fetched_at < KEYS_FRESH

    def _may_fetch(self, url: str, why: str, floor: int) -> bool:
        return self._cache.add(_cache_key(url, why), 1, floor)

    def _gate(self, url: str) -> _Gate:
        return self._gates[hash(url) % len(self._gates)]


def find_tenant_id(transport: Transport, authority: Authority) -> str:
    """Return the GUID of the directory that ``authority.tenant``, a domain, leads to.

    Only the GUID is taken from the discovery document. Raises ``DirectoryNotFound``, other
    ``MicrosoftError``, ``MalformedAnswer`` and ``Unreachable``.
    """
    document = _success(transport.get(authority.discovery_url))
    tenant_ids = {_guid_in(document.get(member)) for member in ("issuer", "token_endpoint")}
    tenant_id = tenant_ids.pop()
    if tenant_ids or not tenant_id:
        raise MalformedAnswer("The discovery document does not name one directory.")
    return tenant_id


def _guid_in(url: object) -> str:
    match = _GUID.search(url.lower()) if isinstance(url, str) else None
    return match[0] if match else ""


def _success(answer: Answer) -> dict[str, Any]:
    document = answer.json()
    if answer.status != 200:
        raise MicrosoftError.from_answer(document, retry_after=answer.retry_after)
    return document


def _usable_keys(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Keep what a signing key needs, so that one odd key does not cost the others.

    Microsoft's keys have no ``alg``, and are told apart by ``use`` and ``kty``.
    """
    keys = document.get("keys")
    usable = {
        key["kid"]: {"n": key["n"], "e": key["e"], "issuer": key.get("issuer"), "kid": key["kid"]}
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and all(isinstance(key.get(member), str) for member in ("kid", "n", "e"))
        and isinstance(key.get("issuer"), str | None)
        and _is_sound(key)
    }
    if not usable:
        raise MalformedAnswer("The directory's key document holds no usable signing key.")
    return usable


def _is_sound(key: Mapping[str, Any]) -> bool:
    try:
        return _public_key(key).key_size >= _MIN_KEY_BITS
    except ValueError:
        return False


def _public_key(key: Mapping[str, Any]) -> RSAPublicKey:
    return RSAPublicNumbers(e=_integer(key["e"]), n=_integer(key["n"])).public_key()


def _signing_key(key: Mapping[str, Any]) -> SigningKey:
    return SigningKey(key["kid"], _public_key(key), key["issuer"])


def _integer(base64url: str) -> int:
    padded = base64url + "=" * (-len(base64url) % 4)
    return int.from_bytes(base64.urlsafe_b64decode(padded), "big")


def _cache_key(url: str, kind: str) -> str:
    digest = hashlib.sha256(url.encode()).hexdigest()
    return f"azuread_connections:keys:{kind}:{digest}"
