"""Fetches and caches signing keys, follows key rollover, and keeps keys while Microsoft is down.

https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from .deadline import seconds_left
from .errors import EntraError, MicrosoftError, UnknownSigningKey, Unreachable
from .jwks import KeySet, SigningKey, parse_key_document
from .transport import Transport

#: Seconds. The first sign-in that finds the keys older than this fetches them.
REFRESH_INTERVAL = 3600
#: Cached keys are used this long while Microsoft cannot be reached.
STALE_KEYS_TTL = 7 * 24 * 3600
#: An unknown key ID causes a fetch at once, but not again within this time.
UNKNOWN_KID_REFETCH_INTERVAL = 300
#: After a failed fetch the next attempt waits this long, unless there are no keys at all.
RETRY_INTERVAL = 30
#: A process uses a key that it has found this long without reading the cache.
LOCAL_CACHE_TTL = 30
_MAX_LOCAL_KEYS = 1000


class Cache(Protocol):
    """The cache's interface; Django's has it. If processes share it, they make fewer requests."""

    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: Any, timeout: float | None = ...) -> Any: ...
    def add(self, key: str, value: Any, timeout: float | None = ...) -> bool: ...


#: By address and key ID: keys that a process has found, and until when it uses them.
RecentKeys = dict[tuple[str, str], tuple[SigningKey, float]]


@dataclass
class SingleFlight:
    """Lets one thread fetch at a time. The threads that waited raise its failure, too."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    failure: tuple[str, EntraError] | None = None

    @contextmanager
    def run(self, url: str) -> Iterator[None]:
        seen = self.failure
        if not self.lock.acquire(timeout=min(max(seconds_left(), 0), threading.TIMEOUT_MAX)):
            raise Unreachable("Another request for the signing keys took all of the time.")
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
    """Finds signing keys by address and key ID.

    ``recent``: the keys that this process has used. A directory's keys have one address
    (``Authority.keys_url``). A registration with its own key has another
    (``Authority.app_keys_url``), which is asked only for a key ID that the first does not name.
    """

    # One thread fetches an address at a time; a few locks serve any number of addresses.
    _flights = tuple(SingleFlight() for _ in range(16))

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

    def find(self, url: str, key_id: str, app_url: str = "") -> SigningKey:
        """Return the key of this ID. ``app_url``: where the registration's own keys are, if any.

        Raises ``UnknownSigningKey`` if neither address publishes it, and ``Unreachable``,
        ``MalformedResponse`` or ``MicrosoftError`` if the keys cannot be fetched.
        """
        for address in (url, app_url):
            key, until = self._recent.get((address, key_id), (None, 0.0))
            if key is not None and until - LOCAL_CACHE_TTL <= self._clock() < until:
                return key
        known = self._load(url)
        if app_url and (known is None or key_id not in known):
            own = self._load(app_url)
            # If it has the key, the directory's keys need not be fetched.
            if own and key_id in own and key_id in (own := self._current(app_url, key_id, own)):
                return self._found(app_url, key_id, own)
        known = self._current(url, key_id, known)
        if key_id in known:
            return self._found(url, key_id, known)
        return self._find_unknown(url, key_id, app_url, known)

    def refresh(self, url: str, *, drop_unpublished: bool = False) -> int:
        """Fetch the keys now, even if they are fresh; return how many the address publishes.

        ``drop_unpublished``, for an emergency, also forgets the keys that it does not publish now
        (another of Microsoft's servers may still do so). Raises as ``find``.
        """
        published = self._published(url)
        self._store(url, published if drop_unpublished else published.added_to(self._load(url)))
        return len(published.keys)

    def refresh_app_keys(self, app_url: str) -> None:
        """Forget the registration's own keys that are not published at this moment.

        Makes a request only if some are known. Raises ``Unreachable``; any other error means that
        the registration has no keys any more.
        """
        known = self._load(app_url)
        if not known or not known.keys:
            return
        try:
            self.refresh(app_url, drop_unpublished=True)
        except Unreachable:
            raise
        except EntraError:
            self._store(app_url, KeySet(self._clock(), {}))

    def _current(self, url: str, key_id: str, known: KeySet | None) -> KeySet:
        """Return the keys, fetched if they are missing or old. Known keys are still used while
        another thread or process fetches, and while Microsoft is down."""
        if known is not None and (
            self._is_fresh(known) or not self._may_fetch(url, "renewal", RETRY_INTERVAL)
        ):
            return known
        with self._flight(url).run(url):
            current = self._load(url)
            if current is not None and self._is_fresh(current):
                return current
            try:
                return self._fetch(url)
            except EntraError:
                if current is None or key_id not in current:
                    raise
                return current

    def _find_unknown(self, url: str, key_id: str, app_url: str, known: KeySet) -> SigningKey:
        """Look for a new key in one request, which a flood of forged key IDs does not repeat.

        With ``?appid=`` Microsoft returns the directory's keys or, if the registration has its own
        key, that one. So this request also finds a new key after a rollover. The directory's
        address is asked in addition only if the response was not the directory's keys.
        """
        own = self._app_keys(app_url, key_id) if app_url else None
        if own and key_id in own:
            return self._found(app_url, key_id, own)
        if own is None or not own.shares_a_key_with(known):
            known = self._refetched(url, key_id, known) or known
            if key_id in known:
                return self._found(url, key_id, known)
        raise UnknownSigningKey("The token's signing key is not published by the directory.")

    def _app_keys(self, app_url: str, key_id: str) -> KeySet | None:
        own = self._load(app_url)
        try:
            return self._refetched(app_url, key_id, own)
        except Unreachable:
            raise
        except EntraError:
            # There is no such document. That is a definite answer: wait the whole interval.
            self._cache.set(_cache_key(app_url, "unknown"), 1, UNKNOWN_KID_REFETCH_INTERVAL)
            return own

    def _refetched(self, url: str, key_id: str, known: KeySet | None) -> KeySet | None:
        """Fetch the keys for an unknown key ID, unless that was done within the interval."""
        with self._flight(url).run(url):
            current = self._load(url) or known
            if current is not None:
                is_newer = known is None or current.fetched_at > known.fetched_at
                just_fetched = self._clock() - current.fetched_at < 1
                if key_id in current or is_newer or just_fetched:
                    return current
            if not self._may_fetch(url, "unknown", UNKNOWN_KID_REFETCH_INTERVAL):
                return current
            try:
                return self._fetch(url)
            except EntraError:
                # The key may exist: the next fetch waits for a shorter interval only.
                self._cache.set(_cache_key(url, "unknown"), 1, RETRY_INTERVAL)
                raise

    def _found(self, url: str, key_id: str, found_in: KeySet) -> SigningKey:
        key = found_in.signing_key(key_id)
        until = min(self._clock() + LOCAL_CACHE_TTL, found_in.fetched_at + REFRESH_INTERVAL)
        if len(self._recent) >= _MAX_LOCAL_KEYS:
            self._recent.clear()
        self._recent[url, key_id] = key, until
        return key

    def _fetch(self, url: str) -> KeySet:
        """Add the keys that the address publishes to the known ones."""
        published = self._published(url)
        # Loaded after the request: another process may have stored other keys meanwhile.
        return self._store(url, published.added_to(self._load(url)))

    def _published(self, url: str) -> KeySet:
        answer = self._transport.get(url)
        document = answer.json()
        if answer.status != 200:
            raise MicrosoftError.from_response(document, retry_after=answer.retry_after)
        return parse_key_document(document, self._clock())

    def _store(self, url: str, key_set: KeySet) -> KeySet:
        stored = key_set.fetched_at, dict(key_set.keys)
        self._cache.set(_cache_key(url, "keys"), stored, STALE_KEYS_TTL)
        for known in list(self._recent):
            if known[0] == url:
                self._recent.pop(known, None)
        return key_set

    def _load(self, url: str) -> KeySet | None:
        stored = self._cache.get(_cache_key(url, "keys"))
        return KeySet(*stored).usable_at(self._clock()) if stored else None

    def _is_fresh(self, key_set: KeySet) -> bool:
        return self._clock() - key_set.fetched_at < REFRESH_INTERVAL

    def _may_fetch(self, url: str, why: str, interval: int) -> bool:
        return self._cache.add(_cache_key(url, why), 1, interval)

    def _flight(self, url: str) -> SingleFlight:
        return self._flights[hash(url) % len(self._flights)]


def _cache_key(url: str, kind: str) -> str:
    digest = hashlib.sha256(url.encode()).hexdigest()
    return f"azuread_connections:keys:{kind}:{digest}"
