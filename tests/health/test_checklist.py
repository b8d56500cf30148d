"""The checklist: computed from evidence, never clicked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.health.checklist import Item, checklist
from azuread_connections.models import (
    ClientSecret,
    Connection,
    Directory,
    EnabledConnection,
    Event,
)
from tests.company import Company

pytestmark = pytest.mark.django_db


def items(company: Company) -> dict[str, Item]:
    return {item.key: item for item in checklist(Connection.objects.get())}


def states(company: Company) -> dict[str, str]:
    return {key: item.state for key, item in items(company).items()}


def test_a_new_connection_says_what_is_left(contoso: Company) -> None:
    EnabledConnection.objects.all().delete()
    assert states(contoso) == {
        "registered": "todo",
        "credentials": "warning",  # no date
        "consent": "done",
        "enabled": "todo",
        "tried": "todo",
        "sign_in": "todo",
    }
    assert all(
        item.next
        for item in items(contoso).values()
        if item.state == "todo"
        if item.key != "sign_in"
    )


def test_a_real_sign_in_proves_most_of_it(contoso: Company, client: Any) -> None:
    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=200))
    contoso.sign_in(client)
    assert set(states(contoso).values()) == {"done"}
    assert "adele.vance@contoso.com" in items(contoso)["sign_in"].evidence


def test_a_failed_trial_shows_its_remedy(contoso: Company) -> None:
    Event.objects.create(
        created_at=timezone.now(),
        kind="tried",
        reference="x",
        connection=contoso.connection,
        code="secret_rejected",
        aadsts_code=7000215,
    )
    tried = items(contoso)["tried"]
    assert tried.state == "warning"
    assert tried.next


def test_consent_is_done_once_it_is_proven(contoso: Company, client: Any) -> None:
    Connection.objects.update(security_groups=True)
    assert "GroupMember.Read.All" in items(contoso)["consent"].evidence
    assert states(contoso)["consent"] == "todo"
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    contoso.sign_in(client)
    assert states(contoso)["consent"] == "done"


@pytest.mark.parametrize(
    ("expires_in", "state"), [(200, "todo"), (10, "warning"), (-1, "warning"), (None, "warning")]
)
def test_credentials_show_their_state(contoso: Company, expires_in: int | None, state: str) -> None:
    expires_at = None if expires_in is None else timezone.now() + timedelta(days=expires_in)
    ClientSecret.objects.update(expires_at=expires_at)
    assert states(contoso)["credentials"] == state
    ClientSecret.objects.all().delete()
    assert states(contoso)["credentials"] == "warning"


def test_waiting_directories_are_told(contoso: Company) -> None:
    Directory.objects.create(
        connection=contoso.connection,
        tenant_id="11112222-bbbb-3333-cccc-4444dddd5555",
        status="waiting",
    )
    assert "wait for approval" in items(contoso)["sign_in"].evidence


def test_it_takes_a_few_queries_and_no_request(contoso: Company, client: Any) -> None:
    contoso.sign_in(client)
    before = contoso.microsoft.count()
    connection = Connection.objects.get()
    with CaptureQueriesContext(database) as queries:
        checklist(connection)
    assert len(queries) <= 6
    assert contoso.microsoft.count() == before


def test_a_secret_that_no_key_opens_is_named(contoso: Company, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": [Fernet.generate_key().decode()]
    }
    item = items(contoso)["credentials"]
    assert item.state == "warning"
    hint = ClientSecret.objects.get().hint
    assert item.evidence == f"No encryption key of this site opens {hint}…, so it cannot be used."
    assert "ENCRYPTION_KEYS" in item.next
