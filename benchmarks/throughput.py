"""Sign-ins a second of two gunicorn workers, 32 at a time."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.bench import Bench
from benchmarks.browser import Browser, HttpSite, Microsoft
from benchmarks.peers import EVERYBODY, Peer

WORKERS = 2
AT_A_TIME = 32


def measure(bench: Bench) -> dict[str, Any]:
    """Whole sign-ins of returning people, on PostgreSQL and Redis if available."""
    rates: dict[str, list[float]] = {peer.name: [] for peer in EVERYBODY}
    with ExitStack() as stack:
        sites = []
        for peer in EVERYBODY:
            site = bench.site(
                peer,
                stack.enter_context(bench.services.database(peer.name)),
                cache=stack.enter_context(bench.services.cache()),
            )
            site.prepare()
            sites.append((peer, stack.enter_context(site.served(WORKERS))))
        for peer, address in sites:
            _rate(bench, peer, address, 1)
        for _ in range(bench.sizes.throughput_rounds):
            for peer, address in sites:
                rates[peer.name].append(_rate(bench, peer, address, bench.sizes.throughput_seconds))
    return {name: {"median": median(each), "rounds": each} for name, each in rates.items()}


def _rate(bench: Bench, peer: Peer, address: str, seconds: float) -> float:
    """Sign 32 people in repeatedly; return sign-ins a second."""
    done = [0] * AT_A_TIME
    failures: list[Exception] = []
    ends = time.perf_counter() + seconds

    def sign_in_again_and_again(number: int) -> None:
        microsoft = Microsoft(bench.address)
        try:
            while time.perf_counter() < ends:
                browser = Browser(HttpSite(address), microsoft, bench.people[number])
                browser.come_back(browser.pass_microsoft(browser.start(peer.start, peer.method)))
                done[number] += 1
        except Exception as error:
            failures.append(error)

    threads = [
        threading.Thread(target=sign_in_again_and_again, args=[number])
        for number in range(AT_A_TIME)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(done) / (time.perf_counter() - began)
