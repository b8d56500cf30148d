"""How long a callback takes when Microsoft is 40 ms away, by TLS."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import ExitStack
from statistics import median, quantiles
from typing import Any

from benchmarks.bench import Bench
from benchmarks.browser import Browser, HttpSite, Microsoft
from benchmarks.peers import HOST, PEERS, TENANT_ID
from benchmarks.tls import tls_front

ROUND_TRIP = 0.040


def measure(bench: Bench) -> dict[str, Any]:
    """Milliseconds of a returning person's callback, as their browser sees it: one gunicorn worker
    per peer, one sign-in at a time."""
    rounds = bench.sizes.latency_rounds
    number = bench.sizes.latency_sign_ins // rounds
    times: dict[str, list[float]] = {peer.name: [] for peer in PEERS}
    with ExitStack() as stack:
        front = stack.enter_context(tls_front(bench.address, delay=ROUND_TRIP / 2))
        sites = []
        for peer in PEERS:
            site = bench.site(
                peer,
                stack.enter_context(bench.services.database(peer.name)),
                cache=stack.enter_context(bench.services.cache()),
                tls_port=front.port,
                ca_bundle=front.ca_bundle,
            )
            site.prepare()
            address = stack.enter_context(site.served(workers=1))
            _callbacks(bench, peer, address, 3)  # what only a cold process does
            sites.append((peer, address))
        for _ in range(rounds):
            for peer, address in sites:
                times[peer.name] += _callbacks(bench, peer, address, number)
        wire = _bare_requests(front.port, front.ca_bundle, 50)
    return {
        "round_trip": 1000 * ROUND_TRIP,
        "bare_request": median(wire),
        "peers": {
            name: {"median": median(each), "p99": quantiles(each, n=100)[98], "times": each}
            for name, each in times.items()
        },
    }


def _callbacks(bench: Bench, peer: Any, address: str, number: int) -> list[float]:
    times = []
    microsoft = Microsoft(bench.address)
    for turn in range(number):
        person = bench.people[turn % len(bench.people)]
        browser = Browser(HttpSite(address), microsoft, person)
        path = browser.pass_microsoft(browser.start(peer.start, peer.method))
        began = time.perf_counter()
        browser.come_back(path)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _bare_requests(port: int, ca_bundle: str, number: int) -> list[float]:
    """How long one request for the keys takes on a connection that is open: the wire alone, with
    the stand-in's shortest answer."""
    context = ssl.create_default_context(cafile=ca_bundle)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    times = []
    for _ in range(number + 1):
        began = time.perf_counter()
        connection.request("GET", f"/{TENANT_ID}/discovery/v2.0/keys", headers={"Host": HOST})
        connection.getresponse().read()
        times.append(1000 * (time.perf_counter() - began))
    connection.close()
    return times[1:]
