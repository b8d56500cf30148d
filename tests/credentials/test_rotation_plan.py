"""Which credentials are due, and what a daily run does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from azuread_connections.credentials.rotation_plan import (
    current_credential,
    due_credential,
    foresee,
)
from azuread_connections.credentials.rotation_step import RotationOutcome
from azuread_connections.models import Credential, Event, Rotation
from azuread_connections.testing.directory.credentials import Propagation
from tests.company import Company
from tests.credentials.rotating import (
    DONE,
    FAILED,
    allow,
    assert_all_work,
    daily_run,
    know_key_ids,
    outcomes,
    quick,
    rotated,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def secret(days: float | None, number: int = 0, **options: object) -> Credential:
    """Not stored. ``number``: how many days ago it was added."""
    made = Credential(
        kind="secret", expires_at=None if days is None else NOW + timedelta(days=days), **options
    )
    made.created_at, made.pk = NOW - timedelta(days=number), 100 - number
    return made


def federated() -> Credential:
    made = Credential(kind="federated")
    made.created_at, made.pk = NOW, 7
    return made


@pytest.mark.parametrize(
    ("credentials", "is_due"),
    [
        ([secret(30)], True),
        ([secret(31)], False),
        ([secret(-1)], True),
        ([secret(None)], True),
        ([], False),
        ([federated()], False),
        ([federated(), secret(3)], False),
        ([secret(3), secret(100, 1)], False),
        ([secret(3), secret(100, 1, refused_at=NOW)], True),
        # What was replaced is about to be removed.
        ([secret(3), secret(100, 1, replaced_at=NOW)], True),
    ],
)
def test_a_credential_is_due_when_none_lasts_longer(
    credentials: list[Credential], is_due: bool
) -> None:
    assert (due_credential(credentials, 30, NOW) is not None) == is_due


def test_the_first_in_use_that_can_end_is_rotated() -> None:
    old, new = secret(3, 9), secret(20, 1)
    assert current_credential([federated(), old, new]) is new
    new.replaced_at = NOW
    assert current_credential([federated(), old, new]) is old
    assert current_credential([federated()]) is None


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    return contoso


@pytest.mark.django_db
def test_daily_runs_rotate_once_and_remove_the_old_one_a_week_later(allowed: Company) -> None:
    assert outcomes(daily_run(allowed.connection)) == [DONE, DONE]
    for _day in range(3):
        assert daily_run(allowed.connection) == []
    Credential.objects.exclude(replaced_at=None).update(
        replaced_at=timezone.now() - timedelta(days=7)
    )
    assert outcomes(daily_run(allowed.connection)) == [DONE]
    assert allowed.connection.credentials.count() == 1
    assert_all_work(allowed)
    assert daily_run(allowed.connection) == []


@pytest.mark.django_db
def test_what_is_not_due_costs_no_request(allowed: Company) -> None:
    know_key_ids(allowed, days=90)
    assert daily_run(allowed.connection) == []
    assert allowed.microsoft.count() == 0


@pytest.mark.django_db
def test_one_without_a_date_is_named_and_not_rotated(allowed: Company) -> None:
    Credential.objects.update(expires_at=None)
    [step] = daily_run(allowed.connection)
    assert "--sync" in step.text
    assert step.outcome == RotationOutcome.WAITING
    assert len(allowed.app.secrets) == 1


@pytest.mark.django_db
def test_a_policy_refuses_again_each_day(allowed: Company) -> None:
    allowed.app.policy.forbids_secrets = True
    for _day in range(2):
        assert outcomes(daily_run(allowed.connection)) == [FAILED]
    assert Event.objects.filter(kind="rotation_failed").count() == 2


@pytest.mark.django_db
def test_a_dry_run_names_what_would_be_done_and_does_nothing(allowed: Company) -> None:
    rotated(allowed.connection)
    Credential.objects.filter(replaced_at=None).update(
        expires_at=timezone.now() + timedelta(days=5)
    )
    allowed.app.propagation = Propagation(requests=1000)
    rotated(allowed.connection, quick(patience=timedelta(0)))
    before = (
        list(Credential.objects.values()),
        list(Rotation.objects.values()),
        allowed.microsoft.count(),
    )
    texts = [step.text for step in foresee(allowed.connection, within=30, keep=0)]
    assert len(texts) == 3
    assert "would be finished" in texts[0]
    assert "would be removed" in texts[1]
    assert "would be rotated: expires in" in texts[2]
    after = (
        list(Credential.objects.values()),
        list(Rotation.objects.values()),
        allowed.microsoft.count(),
    )
    assert repr(after) == repr(before)
