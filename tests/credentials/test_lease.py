"""One run at a time changes a registration's credentials."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections.credentials.lease import Lease, LeaseLost
from azuread_connections.models import Connection, Rotation
from azuread_connections.models.rotation import LEASE
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory.create()


def take(connection: Connection) -> Lease:
    lease = Lease.take(connection)
    assert lease is not None
    return lease


def test_one_run_has_it_until_it_gives_it_back(connection: Connection) -> None:
    lease = take(connection)
    assert Lease.take(connection) is None
    lease.release()
    take(connection)


def test_connections_of_one_registration_have_one_lease(connection: Connection) -> None:
    take(connection)
    twin = ConnectionFactory.create(client_id=connection.client_id)
    assert Lease.take(twin) is None
    # Another cloud does not know the registration.
    take(ConnectionFactory.create(client_id=connection.client_id, cloud="china"))
    take(ConnectionFactory.create())


def test_it_ends_by_itself(connection: Connection) -> None:
    lease = take(connection)
    Rotation.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    other = take(connection)
    for use in (lease.renew, lambda: lease.write(marker="x")):
        with pytest.raises(LeaseLost):
            use()
    lease.release()
    assert Lease.take(connection) is None
    other.renew()


def test_renewing_makes_it_last_longer(connection: Connection) -> None:
    lease = take(connection)
    Rotation.objects.update(leased_until=timezone.now() + timedelta(seconds=1))
    lease.renew()
    left = Rotation.objects.get().leased_until
    assert left is not None
    assert left > timezone.now() + LEASE - timedelta(minutes=1)


def test_a_new_holder_sees_what_the_last_one_wrote(connection: Connection) -> None:
    lease = take(connection)
    lease.write(marker="begun")
    lease.release()
    assert take(connection).row.marker == "begun"
