"""How long a callback takes when Microsoft is 40 ms away, by TLS."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Any

from benchmarks.bench import Bench, Site
from benchmarks.browser import Browser, HttpSite, Microsoft
from benchmarks.peers import EVERYBODY, HOST, TENANT_ID, Peer
from benchmarks.tls import tls_front

ROUND_TRIP = 0.040


def measure(bench: Bench) -> dict[str, Any]:
    """Milliseconds of a returning person's callback, as their browser sees it: one gunicorn worker
    per peer, one sign-in at a time. ``times``: warm; ``first``: start and callback in a process
    that has loaded the site and served no request, with an empty cache and no connection to
    Microsoft. Django alone sends no request."""
    rounds = bench.sizes.latency_rounds
    number = bench.sizes.latency_sign_ins // rounds
    times: dict[str, list[float]] = {peer.name: [] for peer in EVERYBODY}
    first: dict[str, list[tuple[float, float]]] = {peer.name: [] for peer in EVERYBODY}
    with ExitStack() as stack:
        front = stack.enter_context(tls_front(bench.address, delay=ROUND_TRIP / 2))
        sites = []
        for peer in EVERYBODY:
            site = bench.site(
                peer,
                stack.enter_context(bench.services.database(peer.name)),
                cache=stack.enter_context(bench.services.cache()),
                tls_port=front.port,
                ca_bundle=front.ca_bundle,
            )
            site.prepare()
            sites.append(site)
        for _ in range(bench.sizes.first_callbacks):
            for site in sites:
                first[site.peer.name].append(_first(bench, site))
        served = [(site.peer, stack.enter_context(site.served(workers=1))) for site in sites]
        for peer, address in served:
            _callbacks(bench, peer, address, 3)  # work of a cold process only
        for _ in range(rounds):
            for peer, address in served:
                times[peer.name] += _callbacks(bench, peer, address, number)
        wire = _bare_requests(front.port, front.ca_bundle, 50)
    return {
        "round_trip": 1000 * ROUND_TRIP,
        "bare_request": median(wire),
        "peers": {
            name: {
                "median": median(each),
                "p99": quantiles(each, n=100)[98],
                "first": [median(part) for part in zip(*first[name], strict=True)],
                "times": each,
            }
            for name, each in times.items()
        },
    }


def _first(bench: Bench, site: Site) -> tuple[float, float]:
    with bench.services.cache() as empty, replace(site, cache=empty).served(workers=1) as address:
        return _sign_in(site.peer, address, Microsoft(bench.address), bench.people[0])


def _callbacks(bench: Bench, peer: Peer, address: str, number: int) -> list[float]:
    microsoft = Microsoft(bench.address)
    people = islice(cycle(bench.people), number)
    return [_sign_in(peer, address, microsoft, person)[1] for person in people]


def _sign_in(peer: Peer, address: str, microsoft: Microsoft, person: str) -> tuple[float, float]:
    """Return the milliseconds of the start and of the callback."""
    browser = Browser(HttpSite(address), microsoft, person)
    began = time.perf_counter()
    url = browser.start(peer.start, peer.method)
    started = time.perf_counter()
    path = browser.pass_microsoft(url)
    came = time.perf_counter()
    browser.come_back(path)
    return 1000 * (started - began), 1000 * (time.perf_counter() - came)


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
