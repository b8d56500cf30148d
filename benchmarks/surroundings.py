"""The circumstances of the measurements: the machine without its name, and the versions."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environments import python_of
from benchmarks.lines import ROOT
from benchmarks.peers import OTHERS, OURS, Package

if TYPE_CHECKING:
    from benchmarks.services import Services

SHARED = ("Django", "requests", "urllib3", "PyJWT", "cryptography", "gunicorn", "psycopg", "redis")
ASK = (
    "import json, sys; from importlib.metadata import version; "
    "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
)


#: Seconds for which the machine is watched before a measurement.
WATCHED = 3


def at_this_moment() -> dict[str, Any]:
    """Return what can differ from one measurement to the next: the commit, the time, and how busy
    the machine is (the share of all cores) while nothing of ours runs."""
    before = _processor_times()
    time.sleep(WATCHED)
    idle, total = (after - was for after, was in zip(_processor_times(), before, strict=True))
    return {
        "version": _own_version(),
        "day": datetime.now(UTC).date().isoformat(),
        "busy": 1 - idle / total,
    }


def describe(services: Services, peers: Iterable[Package] = OTHERS) -> dict[str, Any]:
    """Return what must be the same for all measurements that are compared with each other.

    ``peers``: the packages that are measured beside this one.
    """
    versions = _versions(OURS, *SHARED)
    for peer in peers:
        versions |= _versions(peer, peer.distribution)
    return {
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        },
        "versions": {
            "Python": platform.python_version(),
            "OpenSSL": ssl.OPENSSL_VERSION.split()[1],
            "SQLite": sqlite3.sqlite_version,
            **versions,
            "PostgreSQL": services.postgresql,
            "Redis": services.redis,
        },
    }


def differences(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the differences of machine and versions from those of the kept results."""
    return [
        f"{name} {now[part][name]} (was {was})"
        for part in ("machine", "versions")
        for name, was in kept.get(part, {}).items()
        if name in now[part] and now[part][name] != was
    ]


def _processor_times() -> tuple[int, int]:
    """Ticks of all cores since the machine started: idle, and in total."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _versions(peer: Package, *distributions: str) -> dict[str, str]:
    command = [python_of(peer), "-c", ASK, *distributions]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _own_version() -> str:
    from azuread_connections import __version__

    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    # The results themselves are written while it measures.
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", ".", ":!benchmarks/results.*"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if not commit.stdout:
        return __version__
    return f"{__version__} ({commit.stdout.strip()}{', changed' if changed.stdout else ''})"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
