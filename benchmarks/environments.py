"""A virtual environment for every peer: `python -m benchmarks.environments`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers import EVERYBODY, Peer

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / ".envs"


def python_of(peer: Peer) -> str:
    return str(ENVIRONMENTS / peer.environment / "bin" / "python")


def install(name: str) -> None:
    """Create and fill an environment, unless it holds what is asked for already."""
    wanted = HERE / "requirements" / f"{name}.txt"
    done = ENVIRONMENTS / name / "installed"
    fingerprint = _fingerprint()
    if done.exists() and done.read_text() == fingerprint:
        return
    print(f"Installing {name} ...", flush=True)
    venv.create(ENVIRONMENTS / name, with_pip=True, clear=True)
    command = [python_of(name), "-m", "pip", "install", "--quiet", "-r", str(wanted)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"{wanted} could not be installed.")
    done.write_text(fingerprint)


def _fingerprint() -> str:
    files = [*sorted((HERE / "requirements").glob("*.txt")), HERE.parent / "requirements.txt"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main() -> None:
    for name in dict.fromkeys(peer.environment for peer in EVERYBODY):
        install(name)


if __name__ == "__main__":
    main()
