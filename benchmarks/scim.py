"""Provisioning: a first cycle of this app and of django-scim2, and whether anything gets slower
with the number of people."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.bench import Bench
from benchmarks.peers import OTHER_PROVISIONING, OUR_PROVISIONING, PROVISIONINGS, Provisioning
from benchmarks.services import sqlite

#: People before a measurement, because a process has just started.
WARM_UP = 20


def measure(bench: Bench) -> dict[str, Any]:
    """One process an app, without a network, on the services of a site with several processes."""
    sizes = bench.sizes
    return {
        "people": sizes.first_cycle,
        "counts": {peer.name: _counts(bench, peer) for peer in PROVISIONINGS},
        "first_cycle": _first_cycle(bench),
        "sizes": [
            {"people": people, "actions": _of_size(bench, OUR_PROVISIONING, people)}
            for people in sizes.provisioned
        ],
        "other_sizes": [
            {"people": people, "actions": _of_size(bench, OTHER_PROVISIONING, people)}
            for people in sizes.provisioned
        ],
    }


def _first_cycle(bench: Bench) -> dict[str, Any]:
    """Return of each app the seconds of its cycle, and of each round, in which the apps take turns,
    the milliseconds and the milliseconds of CPU that a person takes."""
    sizes = bench.sizes
    number = sizes.first_cycle // sizes.first_cycle_rounds
    spent: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in PROVISIONINGS}
    with ExitStack() as stack:
        running = []
        for peer in PROVISIONINGS:
            cache = stack.enter_context(bench.services.cache())
            database = stack.enter_context(bench.services.database(f"{peer.name}_cycle"))
            worker = stack.enter_context(bench.installed(peer, database, cache=cache).worker())
            asked = {"token": worker.ask("scim.prepare", base=peer.base), "base": peer.base}
            worker.ask("scim.first_cycle", first=sizes.first_cycle, people=WARM_UP, **asked)
            running.append((peer, worker, asked))
        for done in range(sizes.first_cycle_rounds):
            for peer, worker, asked in running:
                cycle = worker.ask("scim.first_cycle", first=done * number, people=number, **asked)
                spent[peer.name].append(cycle)
    return {
        name: {
            "seconds": sum(each["seconds"] for each in rounds),
            **{
                what: {"median": median(times), "rounds": times}
                for what, times in (
                    ("time", [1000 * each["seconds"] / number for each in rounds]),
                    ("cpu", [1000 * each["cpu"] / number for each in rounds]),
                )
            },
        }
        for name, rounds in spent.items()
    }


def _counts(bench: Bench, peer: Provisioning) -> dict[str, Any]:
    with sqlite(peer.name) as database, bench.installed(peer, database).worker() as worker:
        token = worker.ask("scim.prepare", base=peer.base)
        counted: dict[str, Any] = worker.ask("scim.statements", token=token, base=peer.base)
        return counted


def _of_size(bench: Bench, peer: Provisioning, people: int) -> dict[str, Any]:
    with (
        bench.services.cache() as cache,
        bench.services.database(f"{peer.name}_{people}") as database,
        bench.installed(peer, database, cache=cache).worker() as worker,
    ):
        token = worker.ask("scim.prepare", base=peer.base)
        group = worker.ask("scim.fill", people=people)
        measured: dict[str, Any] = worker.ask(
            "scim.measure",
            token=token,
            base=peer.base,
            group=group,
            people=people,
            number=bench.sizes.growth_repeats,
        )
        return measured
