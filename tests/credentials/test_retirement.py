"""Removing what a rotation has replaced."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections.credentials.lease import Lease
from azuread_connections.credentials.retirement import remove_replaced
from azuread_connections.models import Connection, Credential, Event
from tests.company import Company
from tests.credentials.rotating import (
    DONE,
    FAILED,
    WAITING,
    allow,
    assert_all_work,
    know_key_ids,
    outcomes,
    registered,
    rotated,
    use_certificate,
)
from tests.factories import ConnectionFactory, CredentialFactory
from tests.keys import key_pair

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def age(days: float) -> None:
    moment = timezone.now() - timedelta(days=days)
    Credential.objects.exclude(replaced_at=None).update(replaced_at=moment)


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    return contoso


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_a_replaced_credential_is_removed_after_its_days(allowed: Company, kind: str) -> None:
    if kind == "certificate":
        use_certificate(allowed)
    old = allowed.connection.credentials.get()
    rotated(allowed.connection)
    age(6.9)
    assert list(remove_replaced(allowed.connection, WEEK)) == []
    assert registered(allowed) > {old.key_id}
    age(7.1)
    assert outcomes(list(remove_replaced(allowed.connection, WEEK))) == [DONE]
    assert old.key_id not in registered(allowed)
    assert not Credential.objects.filter(pk=old.pk).exists()
    assert_all_work(allowed)
    event = Event.objects.get(kind="secret_removed")
    assert str(old) in event.message


def test_what_azure_has_no_more_is_removed_here(allowed: Company) -> None:
    old = allowed.connection.credentials.get()
    rotated(allowed.connection)
    age(8)
    allowed.app.remove_secret(old.key_id)
    assert outcomes(list(remove_replaced(allowed.connection, WEEK))) == [DONE]
    assert allowed.microsoft.count("remove_password") == 0
    assert_all_work(allowed)


def test_without_a_key_id_nothing_is_removed(allowed: Company) -> None:
    rotated(allowed.connection)
    age(8)
    Credential.objects.exclude(replaced_at=None).update(key_id="")
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == WAITING
    assert "--sync" in step.text
    assert len(allowed.app.secrets) == 2
    assert allowed.connection.credentials.count() == 2


def test_the_last_one_that_works_is_not_removed(allowed: Company) -> None:
    old = allowed.connection.credentials.get()
    rotated(allowed.connection)
    age(8)
    allowed.app.remove_secret(allowed.app.secrets[1])
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == FAILED
    assert "no other credential" in step.text
    assert old.key_id in registered(allowed)
    assert Credential.objects.filter(pk=old.pk).exists()


def test_a_permission_that_was_taken_away_is_a_sentence(allowed: Company) -> None:
    rotated(allowed.connection)
    age(8)
    allowed.app.revoke(allowed.directory)
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == FAILED
    assert "Application.ReadWrite.OwnedBy" in step.text
    assert allowed.connection.credentials.count() == 2


def test_a_refusal_while_it_is_removed_keeps_it_here(allowed: Company) -> None:
    rotated(allowed.connection)
    age(8)
    allowed.microsoft.fault("remove_password", status=500)
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == FAILED
    assert allowed.connection.credentials.count() == 2
    assert outcomes(list(remove_replaced(allowed.connection, WEEK))) == [DONE]


def test_another_run_at_the_same_time_is_left_alone(allowed: Company) -> None:
    rotated(allowed.connection)
    age(8)
    assert Lease.take(allowed.connection)
    assert outcomes(list(remove_replaced(allowed.connection, WEEK))) == [WAITING]


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_another_credential_with_the_same_key_id_is_not_removed(
    allowed: Company, kind: str
) -> None:
    """The key ID that is stored here is wrong: it is that of another application's credential."""
    if kind == "certificate":
        use_certificate(allowed)
    rotated(allowed.connection)
    age(8)
    foreign = (
        allowed.app.add_secret("zzz-the-secret-of-another-application")
        if kind == "secret"
        else allowed.app.add_certificate(key_pair(1).certificate)
    )
    replaced = Credential.objects.exclude(replaced_at=None)
    replaced.update(key_id=foreign.key_id)
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == FAILED
    assert "another credential" in step.text
    assert foreign.key_id in registered(allowed)
    assert replaced.exists()


# --- Shared registrations


@pytest.fixture
def sharing(allowed: Company) -> Connection:
    other = ConnectionFactory.create(name="shared", client_id=allowed.app.client_id)
    other.pin(allowed.directory.tenant_id)
    CredentialFactory.create(connection=other, value=allowed.app.secrets[0].value)
    return other


def test_one_that_connections_share_is_removed_from_all_at_once(
    allowed: Company, sharing: Connection
) -> None:
    rotated(allowed.connection)
    age(8)
    assert outcomes(list(remove_replaced(sharing, WEEK))) == [DONE]
    assert list(remove_replaced(allowed.connection, WEEK)) == []
    assert_all_work(allowed, allowed.connection, sharing)


def test_one_that_another_connection_uses_stays(allowed: Company, sharing: Connection) -> None:
    old = allowed.connection.credentials.get()
    rotated(allowed.connection)
    age(8)
    sharing.credentials.exclude(replaced_at=None).update(replaced_at=None)
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == WAITING
    assert "shared" in step.text
    assert old.key_id in registered(allowed)
    assert allowed.connection.credentials.count() == 2


def test_one_that_is_another_connections_last_stays(allowed: Company, sharing: Connection) -> None:
    old = allowed.connection.credentials.get()
    rotated(allowed.connection)
    age(8)
    sharing.credentials.filter(replaced_at=None).delete()
    [step] = remove_replaced(allowed.connection, WEEK)
    assert step.outcome == FAILED
    assert "shared" in step.text
    assert old.key_id in registered(allowed)
