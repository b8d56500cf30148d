"""A rotation killed at each of its steps: the next run finishes it, and sign-ins always work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Credential, Rotation
from tests.company import Company
from tests.credentials.rotating import (
    DONE,
    WAITING,
    allow,
    assert_all_work,
    daily_run,
    is_idle,
    know_key_ids,
    outcomes,
    registered,
    use_certificate,
)
from tests.faults.rotation import MOMENTS
from tests.faults.test_killed import PATIENCE, database_url

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
REMOVALS = [moment for moment in MOMENTS if "remov" in moment]


def killed_run(company: Company, moment: str) -> None:
    """Run the command until it is killed."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.faults.rotation", moment],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": database_url(),
            "AZUREAD_LOGIN_URL": company.microsoft.url,
            "AZUREAD_GRAPH_URL": company.microsoft.graph_url,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stdout + process.stderr


def due(company: Company, moment: str) -> None:
    """Give the company a credential that ends soon, of the kind that the moment is about."""
    allow(company)
    know_key_ids(company)
    if "key" in moment:
        use_certificate(company)
        Credential.objects.update(expires_at=timezone.now() + timedelta(days=10))


def later() -> None:
    """Let the lease of the killed run end."""
    Rotation.objects.update(leased_until=timezone.now())


@pytest.mark.parametrize("moment", [each for each in MOMENTS if each not in REMOVALS])
def test_the_next_run_finishes_a_rotation_killed_at_any_step(
    contoso: Company, client: Client, moment: str
) -> None:
    due(contoso, moment)
    killed_run(contoso, moment)
    # Nobody notices, and no run disturbs one that could still be alive.
    assert contoso.sign_in(client).status_code == 302
    assert set(outcomes(daily_run(contoso.connection))) <= {WAITING}
    later()
    assert set(outcomes(daily_run(contoso.connection))) <= {DONE}
    assert contoso.connection.credentials.count() == len(registered(contoso)) == 2
    assert contoso.connection.credentials.filter(replaced_at=None).count() == 1
    assert_all_work(contoso)
    assert is_idle(contoso.connection) or moment == "used"
    assert contoso.sign_in(Client()).status_code == 302


@pytest.mark.parametrize("moment", REMOVALS)
def test_the_next_run_finishes_a_removal_killed_at_any_step(
    contoso: Company, client: Client, moment: str
) -> None:
    due(contoso, moment)
    assert outcomes(daily_run(contoso.connection)) == [DONE, DONE]
    long_ago = timezone.now() - timedelta(days=8)
    Credential.objects.exclude(replaced_at=None).update(replaced_at=long_ago)
    killed_run(contoso, moment)
    assert contoso.sign_in(client).status_code == 302
    later()
    assert outcomes(daily_run(contoso.connection)) == [DONE]
    assert contoso.connection.credentials.get().replaced_at is None
    assert_all_work(contoso)
