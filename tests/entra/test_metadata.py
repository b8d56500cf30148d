from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from azuread_connections.entra import jwks, metadata
from azuread_connections.entra.errors import (
    DirectoryNotFound,
    EntraError,
    MalformedResponse,
    MicrosoftError,
    UnknownSigningKey,
    Unreachable,
)
from azuread_connections.entra.jwks import SigningKey
from azuread_connections.entra.metadata import (
    RecentKeys,
    SigningKeys,
)
from azuread_connections.entra.transport import Transport
from azuread_connections.testing import Directory, StandIn
from tests.entra.clock import Clock, ClockedCache

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.fixture
def contoso(entra: StandIn) -> Directory:
    return entra.add_directory("contoso.com", domains=["contoso.net"])


@pytest.fixture
def url(entra: StandIn, contoso: Directory) -> str:
    return f"{entra.url}/{contoso.tenant_id}/discovery/v2.0/keys"


@pytest.fixture
def keys(transport: Transport, cache: ClockedCache, clock: Clock) -> SigningKeys:
    return SigningKeys(transport, cache, clock)


def signing_kid(entra: StandIn) -> str:
    return str(entra.public_jwk()["kid"])


def is_key_of(entra: StandIn, key: SigningKey) -> bool:
    published = entra.private_key(key.key_id).public_key().public_numbers()
    return key.public_key.public_numbers() == published


def publish(entra: StandIn, *jwks: object) -> None:
    """Let the key document hold these keys from now on."""
    entra.fault("keys", body=json.dumps({"keys": jwks}), times=None)


def base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- For an hour they are not requested again -----------------------------------------------------


def test_a_key_is_found_by_its_id(keys: SigningKeys, url: str, entra: StandIn) -> None:
    kid = signing_kid(entra)
    key = keys.find(url, kid)
    assert key.key_id == kid
    assert is_key_of(entra, key)
    assert key.issuer == f"{entra.url}/{{tenantid}}/v2.0"
    assert [request.path for request in entra.requests] == [url.removeprefix(entra.url)]


def test_keys_of_v1_carry_no_issuer(keys: SigningKeys, entra: StandIn) -> None:
    assert keys.find(f"{entra.url}/common/discovery/keys", signing_kid(entra)).issuer is None


def test_keys_are_fetched_once_an_hour(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    for seconds in (0, 1, MINUTE, HOUR - MINUTE - 2):
        clock.advance(seconds)
        assert keys.find(url, kid).key_id == kid
    assert entra.count("keys") == 1
    clock.advance(1)
    assert keys.find(url, kid).key_id == kid
    assert entra.count("keys") == 2
    clock.advance(HOUR - 1)
    keys.find(url, kid)
    assert entra.count("keys") == 2


def test_every_address_has_its_own_keys(
    keys: SigningKeys, url: str, entra: StandIn, contoso: Directory
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    fabrikam = entra.add_directory("fabrikam.com")
    for other in (
        f"{entra.url}/common/discovery/keys",
        url.replace(contoso.tenant_id, fabrikam.tenant_id),
        url.replace(contoso.tenant_id, "contoso.com"),
        f"{url}?appid=1",
    ):
        before = entra.count("keys")
        keys.find(other, kid)
        assert entra.count("keys") == before + 1


def test_a_key_of_one_address_is_unknown_at_another(
    keys: SigningKeys, url: str, entra: StandIn
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    publish(entra, {**entra.public_jwk(), "kid": "another"})
    with pytest.raises(UnknownSigningKey):
        keys.find(f"{entra.url}/common/discovery/keys", kid)


def test_processes_that_share_a_cache_share_the_keys(
    transport: Transport, cache: ClockedCache, clock: Clock, url: str, entra: StandIn
) -> None:
    for _ in range(3):
        SigningKeys(transport, cache, clock).find(url, signing_kid(entra))
    assert entra.count("keys") == 1


def test_by_default_the_clock_is_the_worlds(
    transport: Transport, cache: ClockedCache, clock: Clock, url: str, entra: StandIn
) -> None:
    clock.now = time.time() - DAY - 1
    SigningKeys(transport, cache, clock).find(url, signing_kid(entra))
    SigningKeys(transport, cache).find(url, signing_kid(entra))
    assert entra.count("keys") == 2


class ForgetfulCache:
    """Keeps nothing, as Django's dummy cache."""

    def get(self, key: str) -> Any:
        return None

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        pass

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        return True


def test_without_a_cache_keys_are_found_too(transport: Transport, url: str, entra: StandIn) -> None:
    keys = SigningKeys(transport, ForgetfulCache())
    assert keys.find(url, signing_kid(entra)).key_id == signing_kid(entra)
    assert entra.count("keys") == 1
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")


# --- For half a minute a process does not read the cache ------------------------------------------


class CountingCache(ClockedCache):
    looks = 0  # not annotated: no field

    def get(self, key: str) -> Any:
        self.looks += 1
        return super().get(key)


def test_a_process_remembers_the_keys_that_it_found_for_half_a_minute(
    transport: Transport, clock: Clock, url: str, entra: StandIn
) -> None:
    counting, kid = CountingCache(clock), signing_kid(entra)
    recent: RecentKeys = {}

    def look() -> int:
        """One process that looks keys up: it creates the objects, and keeps the keys that it has
        found."""
        before = counting.looks
        found = SigningKeys(transport, counting, clock, recent).find(url, kid)
        assert is_key_of(entra, found)
        return counting.looks - before

    look()
    clock.advance(metadata.LOCAL_CACHE_TTL - 1)
    assert look() == 0
    clock.advance(1)
    assert look() == 1
    clock.advance(-5)  # a clock that is set back must not make it keep keys longer
    assert look() == 1


def test_what_is_remembered_is_for_its_address_only(
    keys: SigningKeys, url: str, entra: StandIn
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, f"{kid}x")
    publish(entra, {**entra.public_jwk(), "kid": "another"})
    with pytest.raises(UnknownSigningKey):
        keys.find(f"{entra.url}/common/discovery/keys", kid)


def test_old_keys_that_serve_while_microsoft_is_down_are_not_remembered(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(DAY)
    entra.fault("keys", status=503)
    keys.find(url, kid)
    clock.advance(metadata.RETRY_INTERVAL)
    before = entra.count("keys")
    keys.find(url, kid)
    assert entra.count("keys") == before + 1


def test_a_process_remembers_a_bounded_number_of_keys(
    transport: Transport,
    cache: ClockedCache,
    clock: Clock,
    url: str,
    entra: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "_MAX_LOCAL_KEYS", 3)
    recent: RecentKeys = {}
    kid = signing_kid(entra)
    for number in range(10):
        SigningKeys(transport, cache, clock, recent).find(f"{url}?appid={number}", kid)
        assert 1 <= len(recent) <= 3


# --- While Microsoft is down ----------------------------------------------------------------------


def test_keys_serve_for_a_week_while_microsoft_is_down(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    entra.stop()
    for seconds in (DAY, DAY, 5 * DAY - 1):
        clock.advance(seconds)
        assert keys.find(url, kid).key_id == kid
    clock.advance(1)
    with pytest.raises(Unreachable):
        keys.find(url, kid)


def test_while_microsoft_is_down_it_is_asked_every_half_minute(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    entra.fault("keys", status=503, times=None)
    clock.advance(DAY)
    for seconds, requests in [(0, 2), (1, 2), (28, 2), (1, 3), (29, 3), (1, 4)]:
        clock.advance(seconds)
        assert keys.find(url, kid).key_id == kid
        assert entra.count("keys") == requests


def test_when_microsoft_is_back_the_keys_are_fresh_again(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(DAY)
    entra.fault("keys", status=503)
    keys.find(url, kid)
    clock.advance(30)
    keys.find(url, kid)
    assert entra.count("keys") == 3
    clock.advance(HOUR - 1)
    keys.find(url, kid)
    assert entra.count("keys") == 3


def test_without_any_keys_a_failure_is_raised_and_the_next_sign_in_asks_again(
    keys: SigningKeys, url: str, entra: StandIn
) -> None:
    kid = signing_kid(entra)
    entra.fault("keys", status=503, headers={"Retry-After": "7"}, times=2)
    for _ in range(2):
        with pytest.raises(Unreachable):
            keys.find(url, kid)
    assert keys.find(url, kid).key_id == kid
    assert entra.count("keys") == 3


# --- Rollover -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_old", [True, False])
def test_a_key_that_microsoft_has_just_made_is_found_at_once(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock, keep_old: bool
) -> None:
    keys.find(url, signing_kid(entra))
    clock.advance(HOUR // 2)
    kid = entra.rotate_keys(keep_old=keep_old)
    assert is_key_of(entra, keys.find(url, kid))
    assert entra.count("keys") == 2
    assert keys.find(url, kid).key_id == kid
    assert entra.count("keys") == 2


def test_a_key_that_microsoft_withdrew_goes_36_hours_after_it_was_last_seen(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    new = entra.rotate_keys(keep_old=False)
    for _ in range(35):
        clock.advance(HOUR)
        assert keys.find(url, new).key_id == new
        assert keys.find(url, old).key_id == old
    assert entra.count("keys") == 36
    clock.advance(HOUR - 1)
    assert keys.find(url, old).key_id == old
    # Between two fetches, too: the keys in the process expire with it.
    clock.advance(metadata.LOCAL_CACHE_TTL)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, old)
    assert keys.find(url, new).key_id == new


def test_a_key_that_microsoft_withdrew_stays_gone_once_it_went(
    keys: SigningKeys, url: str, entra: StandIn, cache: ClockedCache, clock: Clock
) -> None:
    """It is removed from the cache, too, and does not fill it."""
    keys.find(url, signing_kid(entra))
    new = entra.rotate_keys(keep_old=False)
    clock.advance(36 * HOUR)
    keys.find(url, new)
    digest = hashlib.sha256(url.encode()).hexdigest()
    _, stored = cache.get(f"azuread_connections:keys:keys:{digest}")
    assert len(stored) == 2
    assert new in stored


def test_a_key_that_is_published_again_is_used_for_36_hours_again(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    for _ in range(3):
        publish(entra, {**entra.public_jwk(), "kid": "another"})
        clock.advance(35 * HOUR)
        assert keys.find(url, old).key_id == old
        entra.clear_faults()
        clock.advance(HOUR)
        assert keys.find(url, old).key_id == old
    assert entra.count("keys") == 7


def test_a_key_that_one_answer_does_not_name_is_found_all_the_same(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    """Several servers, several sets: no further request is needed."""
    first, second = signing_kid(entra), "second"
    keys.find(url, first)
    publish(entra, {**entra.public_jwk(), "kid": second})
    clock.advance(HOUR)
    for key_id in (first, second, first):
        assert keys.find(url, key_id).key_id == key_id
    assert entra.count("keys") == 2


def test_after_a_long_silence_only_what_is_published_then_is_used(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    new = entra.rotate_keys(keep_old=False)
    clock.advance(36 * HOUR)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, old)
    assert entra.count("keys") == 2
    assert keys.find(url, new).key_id == new
    assert entra.count("keys") == 2


def test_keys_that_the_last_good_answer_did_not_name_go_also_while_microsoft_is_down(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    new = entra.rotate_keys(keep_old=False)
    clock.advance(HOUR)
    keys.find(url, new)
    entra.fault("keys", status=503, times=None)
    clock.advance(35 * HOUR - 1)
    assert keys.find(url, old).key_id == old
    clock.advance(metadata.LOCAL_CACHE_TTL + 1)
    with pytest.raises(Unreachable):
        keys.find(url, old)
    clock.advance(5 * DAY)
    assert keys.find(url, new).key_id == new


def test_a_number_of_keys_that_is_not_microsofts_is_cut_to_the_newest(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "MAX_KEYS", 3)
    jwk = entra.public_jwk()
    publish(entra, {**jwk, "kid": "a"}, {**jwk, "kid": "b"})
    keys.find(url, "a")
    entra.clear_faults()
    publish(entra, {**jwk, "kid": "c"}, {**jwk, "kid": "d"})
    clock.advance(HOUR)
    keys.find(url, "c")
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "b")
    assert keys.find(url, "d").key_id == "d"


def test_what_an_earlier_version_cached_is_not_looked_at(
    keys: SigningKeys, url: str, entra: StandIn, cache: ClockedCache, clock: Clock
) -> None:
    """Two versions share a cache while a site is deployed."""
    digest = hashlib.sha256(url.encode()).hexdigest()
    cache.set(f"azuread_connections:keys:set:{digest}", (clock(), {"kid": {"kid": "kid"}}))
    assert is_key_of(entra, keys.find(url, signing_kid(entra)))


def test_a_known_key_does_not_wait_for_the_hourly_fetch_of_another_thread(
    transport: Transport, cache: ClockedCache, clock: Clock, url: str, entra: StandIn
) -> None:
    keys = SigningKeys(transport, cache, clock)
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(HOUR)
    entra.fault("keys", delay=0.5)
    slow = threading.Thread(target=together, args=(1, lambda: keys.find(url, kid)))
    slow.start()
    while entra.count("keys") < 2:
        time.sleep(0.005)
    started = time.monotonic()
    assert SigningKeys(transport, cache, clock).find(url, kid).key_id == kid
    assert time.monotonic() - started < 0.3
    slow.join(5)
    assert entra.count("keys") == 2


def test_an_unknown_key_is_requested_once_in_five_minutes(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    keys.find(url, signing_kid(entra))
    clock.advance(HOUR // 2)
    for seconds, requests in [(0, 2), (1, 2), (298, 2), (1, 3), (299, 3), (1, 4)]:
        clock.advance(seconds)
        with pytest.raises(UnknownSigningKey, match="not published by the directory"):
            keys.find(url, f"forged-{seconds}")
        assert entra.count("keys") == requests


def test_a_key_made_within_those_five_minutes_is_found_after_them(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    keys.find(url, signing_kid(entra))
    clock.advance(HOUR // 2)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")
    kid = entra.rotate_keys()
    with pytest.raises(UnknownSigningKey):
        keys.find(url, kid)
    clock.advance(5 * MINUTE)
    assert keys.find(url, kid).key_id == kid


def test_ten_thousand_forged_keys_cost_one_request(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(HOUR // 2)
    for number in range(10_000):
        with pytest.raises(UnknownSigningKey):
            keys.find(url, f"forged-{number}")
    assert keys.find(url, kid).key_id == kid
    assert entra.count("keys") == 2


def test_one_addresss_flood_does_not_keep_another_from_its_new_key(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    other = f"{entra.url}/common/discovery/keys"
    keys.find(url, signing_kid(entra))
    keys.find(other, signing_kid(entra))
    clock.advance(HOUR // 2)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")
    kid = entra.rotate_keys()
    assert keys.find(other, kid).key_id == kid


def test_keys_fetched_this_second_are_not_fetched_again_for_an_unknown_one(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")
    assert entra.count("keys") == 1
    clock.advance(0.9)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")
    assert entra.count("keys") == 1
    clock.advance(0.1)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "forged")
    assert entra.count("keys") == 2


def test_if_the_look_for_a_new_key_fails_another_is_allowed_after_half_a_minute(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    clock.advance(HOUR // 2)
    new = entra.rotate_keys()
    entra.fault("keys", close=True)
    with pytest.raises(Unreachable):
        keys.find(url, new)
    clock.advance(29)
    with pytest.raises(UnknownSigningKey):
        keys.find(url, new)
    assert keys.find(url, old).key_id == old
    assert entra.count("keys") == 2
    clock.advance(1)
    assert keys.find(url, new).key_id == new
    assert entra.count("keys") == 3


def test_an_administrator_can_have_the_keys_fetched_at_any_time(
    keys: SigningKeys, url: str, entra: StandIn
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    publish(entra, {**entra.public_jwk(), "kid": "new"}, {**entra.public_jwk(), "kid": "newer"})
    assert keys.refresh(url) == 2
    assert keys.find(url, "new").key_id == "new"
    assert keys.find(url, old).key_id == old
    assert entra.count("keys") == 2


def test_in_an_emergency_what_is_not_published_is_dropped_at_once(
    keys: SigningKeys, url: str, entra: StandIn
) -> None:
    old = signing_kid(entra)
    keys.find(url, old)
    publish(entra, {**entra.public_jwk(), "kid": "new"}, {**entra.public_jwk(), "kid": "newer"})
    assert keys.refresh(url, drop_unpublished=True) == 2
    assert keys.find(url, "new").key_id == "new"
    with pytest.raises(UnknownSigningKey):
        keys.find(url, old)
    assert entra.count("keys") == 2


@pytest.mark.parametrize("body", [None, "{}"], ids=["down", "nonsense"])
def test_a_failed_refresh_is_reported_and_the_last_good_keys_stay(
    keys: SigningKeys, url: str, entra: StandIn, body: str | None
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    entra.fault("keys", status=200 if body else 503, body=body)
    with pytest.raises(MalformedResponse if body else Unreachable):
        keys.refresh(url)
    assert keys.find(url, kid).key_id == kid


# --- Many threads ---------------------------------------------------------------------------------


def together(number: int, find: Callable[[], SigningKey]) -> list[str]:
    """Call from this many threads at once; return the key IDs found, or the names of the errors."""
    outcomes: list[str] = []
    start = threading.Barrier(number)

    def run() -> None:
        start.wait(5)
        try:
            outcomes.append(find().key_id)
        except EntraError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes


@pytest.mark.parametrize("situation", ["no keys yet", "old keys", "a new key", "a forged key"])
def test_twenty_threads_make_one_request(
    transport: Transport,
    cache: ClockedCache,
    clock: Clock,
    url: str,
    entra: StandIn,
    situation: str,
) -> None:
    def find() -> SigningKey:
        # Each with its own, as in a sign-in.
        return SigningKeys(transport, cache, clock).find(url, kid)

    kid = signing_kid(entra)
    if situation != "no keys yet":
        find()
        clock.advance(DAY if situation == "old keys" else HOUR)
    if situation == "a new key":
        kid = entra.rotate_keys()
    if situation == "a forged key":
        kid = "forged"
    before = entra.count("keys")
    entra.fault("keys", delay=0.1, times=None)
    expected = "UnknownSigningKey" if situation == "a forged key" else kid
    assert together(20, find) == [expected] * 20
    assert entra.count("keys") == before + 1


@pytest.mark.parametrize("forged", [False, True], ids=["a new key", "a forged key"])
def test_a_thread_that_waited_for_the_request_of_another_makes_none_itself(
    keys: SigningKeys, url: str, entra: StandIn, clock: Clock, forged: bool
) -> None:
    keys.find(url, signing_kid(entra))
    clock.advance(HOUR // 2)
    kid = "forged" if forged else entra.rotate_keys()
    entra.fault("keys", delay=0.5, times=None)
    threads = threading.Thread(target=together, args=(2, lambda: keys.find(url, kid)))
    threads.start()
    while entra.count("keys") < 2:
        time.sleep(0.005)
    # However long it took.
    clock.advance(5 * MINUTE)
    threads.join(10)
    assert entra.count("keys") == 2


def test_a_slow_address_does_not_keep_readers_of_fresh_keys_waiting(
    transport: Transport, cache: ClockedCache, clock: Clock, url: str, entra: StandIn
) -> None:
    keys = SigningKeys(transport, cache, clock)
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(HOUR // 2)
    entra.fault("keys", delay=0.5)
    slow = threading.Thread(target=together, args=(1, lambda: keys.find(url, "forged")))
    slow.start()
    while entra.count("keys") < 2:
        time.sleep(0.005)
    started = time.monotonic()
    assert keys.find(url, kid).key_id == kid
    assert time.monotonic() - started < 0.3
    slow.join(5)


# --- Bad answers ----------------------------------------------------------------------------------

BAD_ANSWERS: dict[str, tuple[dict[str, Any], type[EntraError]]] = {
    "HTML": ({"body": "<html>maintenance</html>", "content_type": "text/html"}, MalformedResponse),
    "HTML with status 500": ({"status": 500}, MalformedResponse),
    "an error of Microsoft's": ({"aadsts": 90002}, DirectoryNotFound),
    "an error with good keys": (
        {"body": '{"error": "odd", "keys": "GOOD"}', "status": 400},
        MicrosoftError,
    ),
    "status 503": ({"status": 503}, Unreachable),
    "no answer": ({"close": True}, Unreachable),
    "a redirect": ({"redirect": "/elsewhere"}, MalformedResponse),
    "empty": ({"body": ""}, MalformedResponse),
    "half of it": ({"body": '{"keys": ['}, MalformedResponse),
    "no object": ({"body": "[]"}, MalformedResponse),
    "no keys member": ({"body": "{}"}, MalformedResponse),
    "no keys": ({"body": '{"keys": []}'}, MalformedResponse),
    "keys null": ({"body": '{"keys": null}'}, MalformedResponse),
    "keys a number": ({"body": '{"keys": 3}'}, MalformedResponse),
    "keys a text": ({"body": '{"keys": "RSA"}'}, MalformedResponse),
    "keys an object": ({"body": '{"keys": {"kid": {"kty": "RSA"}}}'}, MalformedResponse),
    "no key that signs": (
        {"body": '{"keys": [null, 1, "x", [], {}, {"kty": "EC", "kid": "ec"}]}'},
        MalformedResponse,
    ),
}


@pytest.mark.parametrize(("fault", "error"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_answer_keeps_the_last_good_keys(
    keys: SigningKeys,
    url: str,
    entra: StandIn,
    clock: Clock,
    fault: dict[str, Any],
    error: type[EntraError],
) -> None:
    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(HOUR // 2)
    if "body" in fault:
        fault = fault | {"body": fault["body"].replace('"GOOD"', json.dumps([entra.public_jwk()]))}
    entra.fault("keys", times=None, **fault)
    with pytest.raises(error) as caught:
        keys.find(url, "new")
    assert type(caught.value) is error
    assert is_key_of(entra, keys.find(url, kid))
    clock.advance(DAY)
    assert is_key_of(entra, keys.find(url, kid))
    assert entra.count("keys") == 3


# --- Odd keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "key",
        ["kid"],
        {},
        {"kty": "EC"},
        {"kty": None},
        {"kty": ["RSA"]},
        {"use": "enc"},
        {"use": None},
        {"use": ["sig"]},
        {"kid": None},
        {"kid": 7},
        {"kid": ["odd"]},
        {"n": None},
        {"n": 65537},
        {"n": ""},
        {"n": "A"},
        {"n": "é"},
        {"n": "not base64url!"},
        {"e": None},
        {"e": 65537},
        {"e": ""},
        {"e": "AQ"},
        {"e": "Ag"},
        {"cloud_instance_name": 5},
        {"cloud_instance_name": ["microsoftonline.com"]},
        {"issuer": 5},
        {"issuer": ["https://login.microsoftonline.com/{tenantid}/v2.0"]},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("odd_first", [True, False], ids=["before", "after"])
def test_one_odd_key_is_not_used_and_does_not_cost_the_others(
    keys: SigningKeys, url: str, entra: StandIn, odd: object, odd_first: bool
) -> None:
    good = entra.public_jwk()
    if isinstance(odd, dict):
        odd = {**good, "kid": "odd", **odd} if odd else {}
    publish(entra, *([odd, good] if odd_first else [good, odd]))
    assert is_key_of(entra, keys.find(url, good["kid"]))
    with pytest.raises(UnknownSigningKey):
        keys.find(url, "odd")


@pytest.mark.parametrize("missing", ["alg", "use", "x5c", "x5t", "issuer"])
def test_a_key_needs_no_more_than_a_key_id_and_its_numbers(
    keys: SigningKeys, url: str, entra: StandIn, missing: str
) -> None:
    jwk = entra.public_jwk()
    # Microsoft's keys have no `alg`; one that has is the same key.
    jwk |= {"alg": "RS256", "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}
    publish(entra, {name: value for name, value in jwk.items() if name != missing})
    key = keys.find(url, jwk["kid"])
    assert is_key_of(entra, key)
    assert key.issuer == (None if missing == "issuer" else jwk["issuer"])


@pytest.mark.parametrize(("bits", "accepted"), [(1024, False), (2047, False), (2048, True)])
def test_short_keys_are_refused(
    keys: SigningKeys, url: str, entra: StandIn, bits: int, accepted: bool
) -> None:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    made = {"kty": "RSA", "kid": "made", "n": base64url(numbers.n), "e": base64url(numbers.e)}
    publish(entra, made, entra.public_jwk())
    if accepted:
        assert keys.find(url, "made").public_key.key_size == bits
    else:
        with pytest.raises(UnknownSigningKey):
            keys.find(url, "made")
    assert keys.find(url, signing_kid(entra)).key_id == signing_kid(entra)
