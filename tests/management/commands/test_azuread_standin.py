from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.testing import StandIn
from tests.testing.contoso import get

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"directories": [{"domain": "contoso.com"}]}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["azuread_standin", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        url = f"http://127.0.0.1:{port}/contoso.com/v2.0/.well-known/openid-configuration"
        assert get(url).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_without_debug_it_needs_leave(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ALLOW_STANDIN": False}
    with pytest.raises(CommandError, match="ALLOW_STANDIN"):
        call_command("azuread_standin")


def test_a_taken_port_is_said_plainly(entra: StandIn) -> None:
    port = urlsplit(entra.url).port
    with pytest.raises(CommandError, match=f"Port {port} is in use: .* choose another with --port"):
        call_command("azuread_standin", port=port)


def test_other_hosts_are_refused() -> None:
    with pytest.raises(CommandError, match="only on loopback"):
        call_command("azuread_standin", host="0.0.0.0")


def test_a_bad_file_is_said_plainly(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("azuread_standin", data=str(data))
    data.write_text("{")
    with pytest.raises(CommandError, match="is not valid JSON"):
        call_command("azuread_standin", data=str(data))
    data.write_text('{"directories": [{}]}')
    with pytest.raises(CommandError, match=r"directories\[0\]: 'domain' is missing"):
        call_command("azuread_standin", data=str(data))
