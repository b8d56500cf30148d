"""The site as seen by two testers of SCIM servers that are not ours, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from tests.factories import ConnectionFactory
from tests.scim.directory import guid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

_PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def connection() -> Connection:
    created: Connection = ConnectionFactory(name="contoso", tenant_id=guid())
    return created


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_scim2_cli_finds_no_fault(live_server: Any, connection: Connection) -> None:
    address = f"{live_server.url}/scim/contoso/v2"
    token = tokens.create(connection)[1]
    answer = run(
        str(_PROGRAMS / "scim2"),
        "--url",
        address,
        "--header",
        f"Authorization: Bearer {token}",
        "test",
        "-v",
    )
    faults = [line for line in answer.stdout.splitlines() if line.startswith(("ERROR", "CRITICAL"))]
    assert not faults, answer.stdout
    assert answer.stdout.count("SUCCESS") > 100, answer.stdout + answer.stderr


def test_scim_sanity_finds_no_fault(live_server: Any, connection: Connection) -> None:
    address = f"{live_server.url}/scim/contoso/v2"
    token = tokens.create(connection)[1]
    answer = run(
        str(_PROGRAMS / "scim-sanity"),
        "probe",
        address,
        "--token",
        token,
        "--i-accept-side-effects",
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "FAIL" not in answer.stdout.replace("0 failed", ""), answer.stdout
