"""Adding a client secret: the same rules for the admin's form and for a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction

from azuread_connections.credentials.addition import add_secret, plan_secret
from azuread_connections.models import Connection, Credential
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db

VALUE = "s3c~value-of-a-secret"
OTHER = "oth~value-of-a-secret"
MARCH, JUNE = datetime(2027, 3, 31, tzinfo=UTC), datetime(2027, 6, 30, tzinfo=UTC)


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory()


def stored(connection: Connection) -> list[tuple[str, datetime | None]]:
    return [(each.value.reveal(), each.expires_at) for each in connection.credentials.all()]


def test_a_new_value_is_added_to_those_stored(connection: Connection) -> None:
    add_secret(connection, OTHER, JUNE)
    addition = add_secret(connection, VALUE, MARCH)
    assert addition.is_new
    assert addition.redated == ()
    assert stored(connection) == [(VALUE, MARCH), (OTHER, JUNE)]
    assert str(addition.credential) == "s3c…"


def test_a_stored_value_is_not_added_again(connection: Connection) -> None:
    first = add_secret(connection, VALUE, MARCH).credential
    again = add_secret(connection, VALUE)
    assert (again.is_new, again.credential, again.redated) == (False, first, ())
    assert stored(connection) == [(VALUE, MARCH)]


def test_a_stored_value_gets_the_date_that_is_given(connection: Connection) -> None:
    first = add_secret(connection, VALUE).credential
    assert add_secret(connection, VALUE, MARCH).redated == (first,)
    assert stored(connection) == [(VALUE, MARCH)]
    assert add_secret(connection, VALUE, MARCH).redated == ()


def test_each_row_with_the_value_gets_the_date(connection: Connection) -> None:
    older = Credential.objects.create(connection=connection, value=VALUE, expires_at=MARCH)
    newer = Credential.objects.create(connection=connection, value=VALUE)
    addition = add_secret(connection, VALUE, JUNE)
    assert addition.credential == newer
    assert set(addition.redated) == {older, newer}
    assert stored(connection) == [(VALUE, JUNE), (VALUE, JUNE)]


def test_only_the_date_of_a_stored_secret_is_written(connection: Connection) -> None:
    add_secret(connection, VALUE)
    planned = plan_secret(list(connection.credentials.all()), VALUE, MARCH)
    Credential.objects.update(refused_at=JUNE)  # a sign-in, meanwhile
    planned.save(connection)
    assert Credential.objects.get().refused_at == JUNE
    assert Credential.objects.get().expires_at == MARCH


def test_planning_changes_nothing(connection: Connection) -> None:
    secret = add_secret(connection, VALUE, MARCH).credential
    plan_secret([secret], VALUE, JUNE)
    plan_secret([secret], OTHER, JUNE)
    assert secret.expires_at == MARCH
    assert stored(connection) == [(VALUE, MARCH)]


def test_white_space_around_a_value_is_dropped(connection: Connection) -> None:
    add_secret(connection, f" {VALUE}\n")
    assert not add_secret(connection, f"\t{VALUE} ").is_new
    assert stored(connection) == [(VALUE, None)]


@pytest.mark.parametrize("value", ["", "a b", "short", "11111111-2222-4333-8444-555555555555"])
def test_what_cannot_be_a_secret_is_refused(connection: Connection, value: str) -> None:
    with pytest.raises(ValidationError):
        add_secret(connection, value)
    assert stored(connection) == []


def test_a_secret_that_no_key_opens_does_not_count_as_stored(
    connection: Connection, settings: Any
) -> None:
    add_secret(connection, VALUE)
    other_key = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItISE="
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "ENCRYPTION_KEYS": [other_key]}
    assert add_secret(connection, VALUE).is_new
    assert connection.credentials.count() == 2


def test_without_a_key_nothing_is_stored(connection: Connection, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "ENCRYPTION_KEYS": []}
    with pytest.raises(ImproperlyConfigured), transaction.atomic():
        add_secret(connection, VALUE)
    assert connection.credentials.count() == 0


def test_no_representation_shows_the_value(connection: Connection) -> None:
    planned = plan_secret([], VALUE, None)
    assert VALUE not in repr(planned)
    planned.save(connection)
    assert VALUE not in f"{planned} {planned.credential.for_request(connection)}"


class ReadsFromAReplica:
    def db_for_read(self, model: type, **hints: object) -> str:
        return "no-such-replica"

    def db_for_write(self, model: type, **hints: object) -> str:
        return "default"


def test_a_replica_is_not_asked_what_is_stored(connection: Connection, settings: Any) -> None:
    add_secret(connection, VALUE)
    settings.DATABASE_ROUTERS = [ReadsFromAReplica()]
    assert not add_secret(connection, VALUE).is_new
