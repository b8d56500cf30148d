"""Requests to Microsoft and statements of one sign-in, exactly."""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.bench import Bench
from benchmarks.peers import PEERS, Peer
from benchmarks.services import sqlite


def measure(bench: Bench) -> dict[str, Any]:
    """For each peer a returning person's sign-in: in a process that has just started ("cold"), and
    the third one in it ("warm")."""
    return {peer.name: _measure(bench, peer) for peer in PEERS}


def _measure(bench: Bench, peer: Peer) -> dict[str, Any]:
    with sqlite(peer.name) as database:
        site = bench.site(peer, database)
        site.prepare()
        with site.worker() as worker:

            def sign_in() -> dict[str, Any]:
                before = Counter(bench.requests())
                found = worker.ask(
                    "sign_in.statements",
                    start=peer.start,
                    method=peer.method,
                    microsoft=bench.address,
                    person=bench.people[0],
                )
                kinds = {
                    where: dict(Counter(sql.split()[0].upper() for sql in sent))
                    for where, sent in found.items()
                }
                return {
                    "requests": dict(Counter(bench.requests()) - before),
                    "transaction": kinds.pop("transaction"),
                    "statements": kinds,
                }

            cold, _, warm = sign_in(), sign_in(), sign_in()
            if worker.ask("site.count_users") != len(bench.people):
                raise RuntimeError(f"{peer.name} does not know each person as one user.")
    return {"cold": cold, "warm": warm}
