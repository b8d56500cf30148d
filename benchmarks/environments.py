"""A virtual environment for every peer: `python -m benchmarks.environments`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers import PACKAGES, Package

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / ".envs"


def python_of(peer: Package) -> str:
    return str(ENVIRONMENTS / peer.environment / "bin" / "python")


def install(peer: Package) -> None:
    """Create and fill a peer's environment, unless it already has the requested packages."""
    wanted = HERE / "requirements" / f"{peer.environment}.txt"
    environment = ENVIRONMENTS / peer.environment
    done = environment / "installed"
    fingerprint = _fingerprint()
    if done.exists() and done.read_text() == fingerprint:
        return
    print(f"Installing {peer.environment} ...", flush=True)
    venv.create(environment, with_pip=True, clear=True)
    command = [python_of(peer), "-m", "pip", "install", "--quiet", "-r", str(wanted)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{wanted} could not be installed.")
    done.write_text(fingerprint)


def _fingerprint() -> str:
    files = [*sorted((HERE / "requirements").glob("*.txt")), HERE.parent / "requirements.txt"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main() -> None:
    for peer in PACKAGES:
        install(peer)


if __name__ == "__main__":
    main()
