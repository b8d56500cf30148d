"""User and system time of the site's process per sign-in of a returning person."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import Bench, Site
from benchmarks.peers import EVERYBODY, PEERS, Peer
from benchmarks.services import Config, sqlite
from benchmarks.tls import tls_front


def measure(bench: Bench) -> dict[str, Any]:
    """Milliseconds per sign-in: on SQLite and local memory, on the services of a site with several
    processes, and with TLS as for Microsoft, with a quarter of the sign-ins.
    """
    number = bench.sizes.cpu_sign_ins // bench.sizes.cpu_rounds
    measured = {"plain": _rounds(bench, EVERYBODY, number, sqlite, {})}
    with bench.services.cache() as cache:
        database = bench.services.database
        measured["real"] = _rounds(bench, EVERYBODY, number, database, {"cache": cache})
    with tls_front(bench.address, delay=0) as front:
        where = {"tls_port": front.port, "ca_bundle": front.ca_bundle}
        measured["tls"] = _rounds(bench, PEERS, number // 4, sqlite, where)
    return measured | {"instructions": _instructions(bench)}


def _rounds(
    bench: Bench,
    peers: tuple[Peer, ...],
    number: int,
    database: Callable[[str], AbstractContextManager[Config]],
    where: dict[str, Any],
) -> dict[str, Any]:
    spent: dict[str, list[float]] = {peer.name: [] for peer in peers}
    with ExitStack() as stack:
        running = []
        for peer in peers:
            site = bench.site(peer, stack.enter_context(database(peer.name)), **where)
            site.prepare()
            worker = stack.enter_context(site.worker())
            site.cpu(worker, 5)  # work of a cold process only
            running.append((site, worker))
        for _ in range(bench.sizes.cpu_rounds):
            for site, worker in running:
                seconds = site.cpu(worker, number)
                spent[site.peer.name].append(1000 * sum(seconds.values()) / number)
    return {name: {"median": median(each), "rounds": each} for name, each in spent.items()}


def _instructions(bench: Bench) -> dict[str, float] | str:
    """Instructions per sign-in: the difference between many and few, so that Python's start does
    not count. Returns the reason if they cannot be counted."""
    number = bench.sizes.instruction_sign_ins
    if not number:
        return "not at this size"
    if not shutil.which("valgrind"):
        return "valgrind is not installed"
    counted: dict[str, float] = {}
    for peer in EVERYBODY:
        with sqlite(peer.name) as database:
            site = bench.site(peer, database)
            site.prepare()
            many, few = _callgrind(site, 5 + number), _callgrind(site, 5)
            counted[peer.name] = (many - few) / number
    return counted


def _callgrind(site: Site, number: int) -> int:
    with tempfile.TemporaryDirectory(prefix="azuread-bench-") as directory:
        log = Path(directory) / "log"
        prefix = (
            *("valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out"),
            f"--log-file={log}",
        )
        with site.worker(prefix) as worker:
            site.cpu(worker, number)
        found = re.search(r"Collected : (\d+)", log.read_text())
    if not found:
        raise RuntimeError("valgrind counted nothing.")
    return int(found[1])
