"""Import time and memory that an app adds to a bare Django process: when it is set up, and once
somebody has signed in."""

from __future__ import annotations

import json
import subprocess
from statistics import median
from typing import Any

from benchmarks import lines
from benchmarks.bench import Bench
from benchmarks.environments import python_of
from benchmarks.peers import ALONE, OURS, PEERS, Peer
from benchmarks.services import sqlite
from benchmarks.tls import tls_front

#: Sets a site up as a server does before its first request, and prints time and memory.
SCRIPT = """
import sys, time
began = time.perf_counter()
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.urls import get_resolver
get_resolver().url_patterns
from django.contrib.auth import get_backends
get_backends()
took = time.perf_counter() - began
with open("/proc/self/status") as status:
    kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
print(
    '{"milliseconds": %f, "megabytes": %f, "modules": %d}'
    % (1000 * took, kilobytes / 1024, len(sys.modules))
)
"""
#: The packages that this app and django-auth-adfs both stand on, and mozilla-django-oidc.
PACKAGES = """
import requests, jwt, cryptography.fernet, cryptography.x509
import cryptography.hazmat.primitives.kdf.hkdf
import mozilla_django_oidc.auth
"""
BARE = "benchmarks.peers.bare"


def measure(bench: Bench) -> dict[str, Any]:
    """Each peer beside a bare Django in the same environment, in turn; medians. ``packages``: a
    bare Django that imports only the packages which this app stands on."""
    runs: dict[str, dict[str, list[dict[str, float]]]] = {
        peer.name: {"bare": [], "with": []} for peer in PEERS
    }
    runs[OURS.name]["packages"] = []
    for peer in PEERS:
        _run(peer, peer.settings)  # bytecode, and the disk's cache
    for _ in range(bench.sizes.imports):
        for peer in PEERS:
            runs[peer.name]["bare"].append(_run(peer, BARE))
            runs[peer.name]["with"].append(_run(peer, peer.settings))
        runs[OURS.name]["packages"].append(_run(OURS, BARE, PACKAGES))
    measured = {
        name: {
            what: {kind: median(run[what] for run in each) for kind, each in kinds.items()}
            for what in ("milliseconds", "megabytes", "modules")
        }
        for name, kinds in runs.items()
    }
    alone = _after_a_sign_in(bench, ALONE)
    for peer in PEERS:
        signed_in = {"bare": alone, "with": _after_a_sign_in(bench, peer)}
        measured[peer.name]["megabytes_after_a_sign_in"] = signed_in
    return measured


def _after_a_sign_in(bench: Bench, peer: Peer) -> float:
    """Return the megabytes of a process in which somebody has signed in, by TLS."""
    with sqlite(peer.name) as database, tls_front(bench.address, delay=0) as front:
        site = bench.site(peer, database, tls_port=front.port, ca_bundle=front.ca_bundle)
        site.prepare()
        with site.worker() as worker:
            site.cpu(worker, 3)
            megabytes: float = worker.ask("site.megabytes")
            return megabytes


def _run(peer: Peer, settings: str, further: str = "") -> dict[str, float]:
    """Run the script, with more to import after Django."""
    script = SCRIPT.replace("from django.urls", f"{further}from django.urls", 1)
    done = subprocess.run(
        [python_of(peer), "-c", script],
        env=lines.environment_with(
            {"DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": str(lines.ROOT)}
        ),
        cwd=lines.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured
