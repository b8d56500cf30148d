"""A company whose app may change its registration, and a clock that needs no time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from azuread_connections.credentials.rotation import rotate
from azuread_connections.credentials.rotation_plan import current_credential, run
from azuread_connections.credentials.rotation_step import Pace, RotationOutcome, RotationStep
from azuread_connections.microsoft.app_token import request_with
from azuread_connections.models import Connection, Credential, Rotation
from tests.company import Company
from tests.factories import CertificateFactory
from tests.keys import key_pair

PERMISSION = "Application.ReadWrite.OwnedBy"
DONE, WAITING, FAILED = RotationOutcome.DONE, RotationOutcome.WAITING, RotationOutcome.FAILED


@dataclass
class QuickClock:
    """Sleeping only moves its time."""

    slept: float = 0
    started: datetime = field(default_factory=timezone.now)

    def now(self) -> datetime:
        return self.started + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def quick(**options: Any) -> Pace:
    return Pace(clock=QuickClock(), **options)


def allow(company: Company, *permissions: str) -> None:
    company.app.grant(company.directory, application=permissions or (PERMISSION,))


def know_key_ids(company: Company, days: float = 10) -> Credential:
    """Store what --sync finds: the key ID and the end of the company's secret."""
    ends = timezone.now() + timedelta(days=days)
    company.app.secrets[0].expires_at = ends.timestamp()
    Credential.objects.filter(connection=company.connection).update(
        key_id=company.app.secrets[0].key_id, expires_at=ends
    )
    return company.connection.credentials.get()


def use_certificate(company: Company, number: int = 0) -> Credential:
    """Give the company a certificate in place of its secret."""
    company.connection.credentials.all().delete()
    company.app.secrets.clear()
    pair = key_pair(number)
    added = company.app.add_certificate(pair.certificate)
    return CertificateFactory.create(
        connection=company.connection,
        value=pair.private_key,
        certificate=pair.certificate,
        key_id=added.key_id,
    )


def rotated(connection: Connection, pace: Pace | None = None) -> list[RotationStep]:
    """Rotate the current credential; return the steps."""
    current = current_credential(list(connection.credentials.all()))
    assert current is not None
    return list(rotate(connection, current, pace or quick()))


def daily_run(connection: Connection, keep: int = 7, pace: Pace | None = None) -> list[Any]:
    """What cron does once a day."""
    return list(run(connection, within=30, keep=keep, pace=pace or quick()))


def outcomes(steps: list[RotationStep]) -> list[RotationOutcome]:
    return [step.outcome for step in steps]


def is_idle(connection: Connection) -> bool:
    row = Rotation.objects.get(client_id=connection.client_id)
    return (row.marker, row.value, row.holder, row.leased_until) == ("", None, "", None)


def assert_all_work(company: Company, *connections: Connection) -> None:
    """Microsoft accepts each credential that is stored here, and has no other."""
    stored = set()
    for connection in connections or (company.connection,):
        assert connection.credentials.exists()
        for credential in connection.credentials.all():
            request_with(connection, credential.for_request(connection))
            stored.add(credential.key_id)
    assert registered(company) == stored


def registered(company: Company) -> set[str]:
    app = company.app
    return {each.key_id for each in (*app.secrets, *app.certificates)}  # type: ignore[attr-defined]
