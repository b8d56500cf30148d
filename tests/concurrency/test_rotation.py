"""Runs that rotate the same registration at the same moment, and sign-ins meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from azuread_connections.credentials.rotation_step import RotationStep
from azuread_connections.models import Connection, Credential, Event
from azuread_connections.testing.directory.credentials import Propagation
from tests.company import Company
from tests.concurrency.crowd import SIGNED_IN, Traffic, all_at_once
from tests.credentials.rotating import allow, assert_all_work, daily_run, know_key_ids
from tests.factories import ConnectionFactory, CredentialFactory


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    contoso.app.propagation = Propagation(requests=2)
    return contoso


def run_of(name: str) -> list[RotationStep]:
    return daily_run(Connection.objects.get(name=name))


def test_runs_at_the_same_moment_rotate_once(allowed: Company) -> None:
    runs: list[Callable[[], list[RotationStep]]] = [partial(run_of, "contoso")] * 6
    all_at_once(runs)
    assert len(allowed.app.secrets) == 2
    assert Credential.objects.count() == 2
    assert Event.objects.filter(kind="secret_rotated").count() == 1
    assert_all_work(allowed)


def test_connections_of_one_registration_rotated_at_the_same_moment_get_one_secret(
    allowed: Company,
) -> None:
    other = ConnectionFactory.create(name="shared", client_id=allowed.app.client_id)
    other.pin(allowed.directory.tenant_id)
    CredentialFactory.create(connection=other, value=allowed.app.secrets[0].value)
    Credential.objects.update(expires_at=Credential.objects.exclude(key_id="").get().expires_at)
    all_at_once([partial(run_of, name) for name in ("contoso", "shared", "contoso", "shared")])
    assert len(allowed.app.secrets) == 2
    assert_all_work(allowed, allowed.connection, other)


def test_sign_ins_go_on_while_a_secret_is_rotated_and_removed(allowed: Company) -> None:
    with Traffic(allowed) as traffic:
        traffic.redirect_browser(3)
        run_of("contoso")
        traffic.redirect_browser(6)
        daily_run(allowed.connection, keep=0)
        traffic.redirect_browser(6)
    assert Counter(traffic.outcomes).keys() == {SIGNED_IN}
    assert len(allowed.app.secrets) == 1
