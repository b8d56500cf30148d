"""What the numbers were measured on: the machine without its name, and the versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.environments import python_of
from benchmarks.lines import ROOT
from benchmarks.peers import OURS, PEERS
from benchmarks.services import Services

SHARED = ("Django", "requests", "urllib3", "PyJWT", "cryptography", "gunicorn", "psycopg", "redis")
ASK = (
    "import json, sys; from importlib.metadata import version; "
    "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
)


def describe(services: Services) -> dict[str, Any]:
    versions = _versions(OURS.name, *SHARED)
    for peer in PEERS[1:]:
        versions |= _versions(peer.name, peer.distribution)
    return {
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        },
        "versions": {
            "Python": platform.python_version(),
            "azuread_connections": _own_version(),
            **versions,
            "PostgreSQL": services.postgresql,
            "Redis": services.redis,
        },
    }


def _versions(environment: str, *distributions: str) -> dict[str, str]:
    command = [python_of(environment), "-c", ASK, *distributions]
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
    return f"{__version__} ({commit.stdout.strip()})" if commit.stdout else __version__


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
