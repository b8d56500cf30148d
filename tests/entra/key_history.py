"""A generated history of the key sets that Microsoft's servers publish.

It has the shape of a recorded one (discovery of ``/common``, June to October 2024): 231 different
consecutive sets in 143 days, 5 to 14 keys in each, 42 keys in all; keys that vanish from an answer
and come back after 6 minutes to 2 days, at a median of 3 hours. Several servers answer, each with
its own set; sometimes all of them lack a key that signs.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azuread_connections.entra.transport import Response
from tests.entra.clock import Clock

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SHORTEST_GAP = 6 * MINUTE
LONGEST_GAP = 2 * DAY
LONGEST_GAP_EVERYWHERE = 34 * HOUR
MEDIAN_GAP = 3 * HOUR


@dataclass
class Key:
    """One key over its lifetime. ``gaps``: by server, when that server did not publish it."""

    key_id: str
    published_from: float
    signs_from: float
    signs_until: float
    published_until: float
    gaps: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def is_published(self, server: int, now: float) -> bool:
        return self.published_from <= now < self.published_until and not any(
            begin <= now < end for begin, end in self.gaps.get(server, [])
        )


@dataclass
class History:
    """What each server publishes at any time, and which keys sign."""

    servers: int
    keys: list[Key]

    @classmethod
    def generate(cls, seed: int, *, begin: float, days: int, servers: int = 4) -> History:
        chance = random.Random(seed)
        end = begin + days * DAY
        history = cls(servers, [])
        # About eight keys at a time, each in use for some three weeks.
        at = begin - 30 * DAY
        while at < end:
            key = _new_key(chance, len(history.keys), at)
            _add_gaps(chance, key, servers, not_before=begin + HOUR)
            history.keys.append(key)
            at += chance.uniform(2, 4) * DAY
        return history

    def published(self, server: int, now: float) -> list[str]:
        return [key.key_id for key in self.keys if key.is_published(server, now)]

    def signing(self, now: float) -> list[str]:
        return [key.key_id for key in self.keys if key.signs_from <= now < key.signs_until]


def _new_key(chance: random.Random, number: int, at: float) -> Key:
    # Most are published days before they sign; one in seven is used at once.
    lead = 0.0 if number % 7 == 3 else chance.uniform(1, 5) * DAY
    signs_until = at + lead + chance.uniform(14, 28) * DAY
    return Key(f"key-{number}", at, at + lead, signs_until, signs_until + 2 * DAY)


def _add_gaps(chance: random.Random, key: Key, servers: int, *, not_before: float) -> None:
    # A new key is published everywhere at first, so that somebody can have seen it.
    at = max(key.signs_from + HOUR, not_before) + chance.uniform(0, 4) * DAY
    while at < key.published_until:
        lacking = chance.sample(range(servers), chance.randint(1, servers))
        longest = LONGEST_GAP_EVERYWHERE if len(lacking) == servers else LONGEST_GAP
        gap = MEDIAN_GAP * math.exp(chance.gauss(0, 1.3))
        gap = min(max(gap, SHORTEST_GAP), longest)
        for server in lacking:
            key.gaps.setdefault(server, []).append((at, at + gap))
        at += gap + chance.uniform(2, 6) * DAY


class Servers:
    """A transport to one of the servers, chosen at random."""

    def __init__(self, history: History, clock: Clock, jwk: Mapping[str, Any], seed: int) -> None:
        self._history = history
        self._clock = clock
        self._jwk = jwk
        self._chance = random.Random(seed)
        self.asked_at: list[float] = []
        self.sets: list[frozenset[str]] = []

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        server = self._chance.randrange(self._history.servers)
        published = self._history.published(server, self._clock())
        self.asked_at.append(self._clock())
        if not self.sets or self.sets[-1] != frozenset(published):
            self.sets.append(frozenset(published))
        keys = [{**self._jwk, "kid": key_id} for key_id in published]
        return Response(200, json.dumps({"keys": keys}).encode())
