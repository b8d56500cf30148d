"""Tokens a second, CPU and statements of the providers that OAuth clients sign people in at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.bench import Bench, Installed
from benchmarks.lines import Child
from benchmarks.peers import OTHER_PROVIDERS, PROVIDER_ACTIONS, PROVIDERS, Provider
from benchmarks.services import Config, sqlite

#: Requests of a process that are not measured, because it has just started.
FIRST = 5


def measure(bench: Bench) -> dict[str, Any]:
    """In one process a peer, without a network: ``plain`` on SQLite and local memory, ``real`` on
    the services of a site with several processes."""
    measured: dict[str, Any] = {"plain": _rounds(bench, sqlite, {})}
    with bench.services.cache() as cache:
        measured["real"] = _rounds(bench, bench.services.database, {"cache": cache})
    return measured | {"counts": _counts(bench), "secret_check": _secret_check(bench)}


def _rounds(
    bench: Bench,
    database: Callable[[str], AbstractContextManager[Config]],
    where: dict[str, Any],
) -> dict[str, Any]:
    """Return of each peer and action the answers a second and the milliseconds of CPU an answer:
    of each round, and the medians."""
    number = bench.sizes.provider_requests // bench.sizes.provider_rounds
    found: dict[str, dict[str, dict[str, list[float]]]] = {
        peer.name: {action: {"rate": [], "cpu": []} for action in PROVIDER_ACTIONS}
        for peer in PROVIDERS
    }
    with ExitStack() as stack:
        running = []
        for peer in PROVIDERS:
            site = bench.installed(peer, stack.enter_context(database(peer.name)), **where)
            worker = stack.enter_context(site.worker())
            asked = _prepare(bench, peer, worker)
            worker.ask("provider.spent", number=FIRST, **asked)
            running.append((peer, worker, asked))
        for _ in range(bench.sizes.provider_rounds):
            for peer, worker, asked in running:
                spent = worker.ask("provider.spent", number=number, **asked)
                for action, each in spent.items():
                    found[peer.name][action]["rate"].append(number / each["seconds"])
                    found[peer.name][action]["cpu"].append(1000 * each["cpu"] / number)
    return {
        name: {
            action: {
                what: {"median": median(rounds), "rounds": rounds} for what, rounds in each.items()
            }
            for action, each in actions.items()
        }
        for name, actions in found.items()
    }


def _counts(bench: Bench) -> dict[str, Any]:
    counted = {}
    for peer in PROVIDERS:
        with sqlite(peer.name) as database, bench.installed(peer, database).worker() as worker:
            asked = _prepare(bench, peer, worker)
            counted[peer.name] = worker.ask("provider.statements", **asked)
    return counted


def _secret_check(bench: Bench) -> float:
    """Return the milliseconds of CPU for a check of a client's secret that the measured sites of
    the other providers are spared."""
    with sqlite("hasher") as database:
        site: Installed = bench.installed(OTHER_PROVIDERS[0], database)
        with site.worker() as worker:
            return 1000 * float(median(worker.ask("provider.secret_check") for _ in range(3)))


def _prepare(bench: Bench, peer: Provider, worker: Child) -> dict[str, Any]:
    """Return what each question to this worker is asked with."""
    paths = {name: asdict(peer)[name] for name in ("authorize", "token", "userinfo")}
    microsoft, person = bench.address, bench.people[0]
    cookie = worker.ask("provider.prepare", microsoft=microsoft, person=person)
    asked = {"paths": paths, "cookie": cookie}
    worker.ask("provider.check", **asked)
    return asked
