"""A history of differing key sets, replayed through the real ``SigningKeys``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from azuread_connections.entra import jwks, metadata
from azuread_connections.entra.errors import UnknownSigningKey
from azuread_connections.entra.metadata import RecentKeys, SigningKeys
from azuread_connections.testing import StandIn
from tests.entra.clock import Clock, ClockedCache
from tests.entra.key_history import DAY, HOUR, History, Servers

URL = "https://login.microsoftonline.com/common/discovery/v2.0/keys"
APP_URL = f"{URL}?appid=11112222-bbbb-3333-cccc-4444dddd5555"
DAYS = 60
EVERY = 300  # seconds from one sign-in to the next
PROCESSES = 3
HURRIED = 4  # keys that sign at once, in 60 days


@dataclass
class Replay:
    sign_ins: int
    refused: int
    fetches: int
    sets: int


def replay(seed: int, jwk: dict[str, Any]) -> Replay:
    """Sign in every ``EVERY`` seconds, with a random key of those that sign at that time."""
    clock = Clock()
    history = History.generate(seed, begin=clock(), days=DAYS)
    servers: Any = Servers(history, clock, jwk, seed)
    cache, chance = ClockedCache(clock), random.Random(seed)
    memories: list[RecentKeys] = [{} for _ in range(PROCESSES)]
    sign_ins = refused = 0
    end = clock() + DAYS * DAY
    while clock() < end:
        key_id = chance.choice(history.signing(clock()))
        keys = SigningKeys(servers, cache, clock, chance.choice(memories))
        try:
            assert keys.find(URL, key_id, APP_URL).key_id == key_id
        except UnknownSigningKey:
            refused += 1
        sign_ins += 1
        clock.advance(EVERY)
    return Replay(sign_ins, refused, len(servers.asked_at), len(servers.sets))


@pytest.fixture
def jwk(entra: StandIn) -> dict[str, Any]:
    return entra.public_jwk()


@pytest.mark.parametrize("seed", [2, 4, 7, 8])
def test_nobody_is_refused_while_keys_vanish_and_come_back(jwk: dict[str, Any], seed: int) -> None:
    done = replay(seed, jwk)
    assert done.sign_ins == DAYS * DAY / EVERY
    assert done.refused == 0
    # At least as many different sets as in the recorded history.
    assert done.sets >= DAYS * 231 / 143
    # Once an hour, and once more for each key that is used at once.
    assert DAYS * 24 <= done.fetches <= DAYS * 24 + 1 + HURRIED


@pytest.mark.parametrize(("hours", "refused"), [(24, 10), (0, 100)])
def test_the_same_histories_refuse_people_where_keys_are_forgotten_earlier(
    jwk: dict[str, Any], monkeypatch: pytest.MonkeyPatch, hours: int, refused: int
) -> None:
    """With 0 hours each response replaces the last one."""
    monkeypatch.setattr(jwks, "UNSEEN_KEY_TTL", hours * HOUR)
    assert replay(8, jwk).refused > refused


def test_fetches_are_an_hour_apart_but_for_unknown_keys(jwk: dict[str, Any]) -> None:
    """A flood of forged keys over that time adds one fetch in five minutes."""
    clock = Clock()
    history = History.generate(4, begin=clock(), days=2)
    servers: Any = Servers(history, clock, jwk, 4)
    keys = SigningKeys(servers, ClockedCache(clock), clock)
    for number in range(2 * DAY // 10):
        with pytest.raises(UnknownSigningKey):
            keys.find(URL, f"forged-{number}", APP_URL)
        clock.advance(10)
    allowed = 2 * DAY // metadata.UNKNOWN_KID_REFETCH_INTERVAL + 2 * DAY // HOUR
    assert len(servers.asked_at) <= allowed + 1
