"""Import time and memory that an app adds to a bare Django process."""

from __future__ import annotations

import json
import os
import subprocess
from statistics import median
from typing import Any

from benchmarks import lines
from benchmarks.bench import Bench
from benchmarks.environments import python_of
from benchmarks.peers import PEERS, Peer

#: Sets a site up as a server does before and at its first request, and says what that took.
SCRIPT = """
import time
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
print('{"milliseconds": %f, "megabytes": %f}' % (1000 * took, kilobytes / 1024))
"""
BARE = "benchmarks.peers.bare"


def measure(bench: Bench) -> dict[str, Any]:
    """Each peer beside a bare Django in the same environment, in turn; medians of differences."""
    runs: dict[str, dict[str, list[dict[str, float]]]] = {
        peer.name: {"bare": [], "with": []} for peer in PEERS
    }
    for peer in PEERS:
        _run(peer, peer.settings)  # bytecode, and the disk's cache
    for _ in range(bench.sizes.imports):
        for peer in PEERS:
            runs[peer.name]["bare"].append(_run(peer, BARE))
            runs[peer.name]["with"].append(_run(peer, peer.settings))
    return {
        name: {
            what: {kind: median(run[what] for run in each) for kind, each in measured.items()}
            for what in ("milliseconds", "megabytes")
        }
        for name, measured in runs.items()
    }


def _run(peer: Peer, settings: str) -> dict[str, float]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONPATH": str(lines.ROOT),
    }
    done = subprocess.run(
        [python_of(peer.name), "-c", SCRIPT],
        env=environment,
        cwd=lines.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured
