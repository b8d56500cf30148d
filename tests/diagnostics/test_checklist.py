"""The checklist: computed from evidence, never clicked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.diagnostics.checklist import Item, Place, checklist
from azuread_connections.models import (
    Connection,
    Credential,
    Directory,
    EnabledConnection,
    Event,
)
from tests.company import Company
from tests.factories import CredentialFactory

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
        "domains": "done",
        "consent": "done",
        "enabled": "lacking",
        "tried": "todo",
        "sign_in": "todo",
    }
    assert all(
        item.next
        for item in items(contoso).values()
        if item.state in ("todo", "lacking")
        if item.key != "sign_in"
    )


def test_a_real_sign_in_proves_most_of_it(contoso: Company, client: Any) -> None:
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=200))
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
    assert "secret_rejected" not in tried.evidence
    assert "The client secret is wrong" in tried.evidence
    assert tried.next


@pytest.mark.parametrize(
    ("kind", "code"),
    [("tried", "secret_rejected"), ("consent_returned", ""), ("signed_in", "")],
)
def test_a_return_from_microsoft_proves_the_registration(
    contoso: Company, kind: str, code: str
) -> None:
    """Microsoft redirects only to registered callback URLs."""
    assert states(contoso)["registered"] == "todo"
    Event.objects.create(
        created_at=timezone.now(),
        kind=kind,
        code=code,
        reference="x",
        connection=contoso.connection,
    )
    assert states(contoso)["registered"] == "done"


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"enable_users_api": True}, Place.CHECK),
        ({"enable_users_api": True, "security_groups": True}, Place.CHECK),
        ({"security_groups": True}, Place.TRY),
    ],
)
def test_a_consent_that_was_just_given_asks_for_its_proof(
    contoso: Company, options: dict[str, bool], place: Place
) -> None:
    Connection.objects.update(**options)
    assert items(contoso)["consent"].place is Place.CONSENT
    Directory.objects.update(consent_returned_at=timezone.now())
    item = items(contoso)["consent"]
    assert (item.state, item.place) == ("todo", place)
    assert "Somebody returned from the consent page on" in item.evidence
    assert "Not confirmed yet" in item.evidence


def test_a_trial_without_a_return_is_listed(contoso: Company) -> None:
    begun = timezone.now()
    [item] = [item for item in checklist(contoso.connection, begun) if item.key == "tried"]
    assert (item.state, item.place) == ("warning", Place.TRY)
    assert "nobody has returned from Microsoft yet" in item.evidence
    assert "Which error code did Microsoft show?" in item.next


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
    Credential.objects.update(expires_at=expires_at)
    assert states(contoso)["credentials"] == state
    Credential.objects.all().delete()
    assert states(contoso)["credentials"] == "lacking"


def test_a_secret_that_was_never_sent_is_not_proven_by_another(contoso: Company) -> None:
    later = timezone.now() + timedelta(days=200)
    Credential.objects.update(hint="Old", expires_at=later, last_success_at=timezone.now())
    CredentialFactory.create(connection=contoso.connection, value="New-secret", expires_at=later)
    item = items(contoso)["credentials"]
    assert item.state == "todo"
    assert item.next == "New…: press “Check now” to test it."
    assert item.place is Place.CHECK
    assert "New… expires in 200 days, not tested yet" in item.evidence
    assert "Old… expires in 200 days, last accepted by Microsoft on" in item.evidence


def test_refused_secrets_should_be_removed_if_one_works(contoso: Company) -> None:
    now = timezone.now()
    Credential.objects.update(expires_at=now + timedelta(days=200), last_success_at=now)
    for value in ("Abc-secret", "Def-secret"):
        CredentialFactory.create(connection=contoso.connection, value=value, refused_at=now)
    item = items(contoso)["credentials"]
    assert item.state == "warning"
    assert item.next == "Def…, Abc…: remove it, because Microsoft refuses it."
    assert "Abc… refused by Microsoft just now" in item.evidence


def test_each_secret_that_needs_something_is_named(contoso: Company) -> None:
    Credential.objects.update(hint="New", expires_at=None)
    CredentialFactory.create(
        connection=contoso.connection, value="Abc-secret", refused_at=timezone.now()
    )
    assert items(contoso)["credentials"].next == (
        "New…: enter the expiry date. New…: press “Check now” to test it. "
        "Abc…: remove it, because Microsoft refuses it."
    )


def test_waiting_directories_are_listed(contoso: Company) -> None:
    Directory.objects.create(
        connection=contoso.connection,
        tenant_id="11112222-bbbb-3333-cccc-4444dddd5555",
        status="waiting",
    )
    assert items(contoso)["sign_in"].evidence == "1 directory waits for approval."


def test_it_takes_a_few_queries_and_no_request(contoso: Company, client: Any) -> None:
    contoso.sign_in(client)
    before = contoso.microsoft.count()
    connection = Connection.objects.get()
    with CaptureQueriesContext(database) as queries:
        checklist(connection)
    assert len(queries) <= 7
    assert contoso.microsoft.count() == before


def test_a_secret_that_no_key_opens_is_named(contoso: Company, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": [Fernet.generate_key().decode()]
    }
    item = items(contoso)["credentials"]
    assert item.state == "warning"
    hint = Credential.objects.get().hint
    assert (
        item.evidence
        == f"No encryption key of this site can decrypt {hint}…, so it cannot be used."
    )
    assert "ENCRYPTION_KEYS" in item.next
