"""A client in a process of its own: what it opens in a browser, and what it found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(
    command: Sequence[str],
    settings: dict[str, Any],
    *,
    opens: Callable[[str], str],
    certificate: Path,
) -> dict[str, Any]:
    """Run a client, and return its result.

    It gets ``settings`` on its standard input. For each ``{"open": address}`` that it prints,
    ``opens`` is called as its browser, and what that returns is handed to it.
    """
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**_without_proxies(), **_trusting(str(certificate))},
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


def curl(command: str, certificate: Path) -> dict[str, Any]:
    """Run a line with curl in a shell; return the JSON that it prints."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    answer = subprocess.run(
        ["sh", "-eu", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**_without_proxies(), **_trusting(str(certificate))},
    )
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _without_proxies() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}


def _trusting(certificate: str) -> dict[str, str]:
    names = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
    return dict.fromkeys(names, certificate)


def _send(pipe: Any, value: Any) -> None:
    pipe.write(json.dumps(value) + "\n")
    pipe.flush()
