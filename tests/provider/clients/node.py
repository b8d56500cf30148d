"""A client in JavaScript, in a process of its own: what it opens, and what it found."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent.parent / "js"
MODULES = SCRIPTS / "node_modules"


def run(
    node: str,
    script: str,
    settings: dict[str, Any],
    *,
    opens: Callable[[str], str],
    certificate: Path,
) -> dict[str, Any]:
    """Run a script of tests/provider/js, and return its result.

    It gets ``settings`` on its standard input. For each ``{"open": address}`` that it prints,
    ``opens`` is called as its browser, and what that returns is handed to it.
    """
    with subprocess.Popen(
        [node, str(SCRIPTS / script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate)},
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            _send(process.stdin, settings)
            for line in process.stdout:
                said: dict[str, Any] = json.loads(line)
                if "open" not in said:
                    return said
                _send(process.stdin, opens(said["open"]))
            raise AssertionError(process.stderr.read())
        finally:
            process.kill()


def _send(pipe: Any, value: Any) -> None:
    pipe.write(json.dumps(value) + "\n")
    pipe.flush()
