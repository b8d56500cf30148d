"""What a connection's directory has last sent, by the log of its requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import recent
from azuread_connections.scim.models import ProvisioningRequest
from azuread_connections.scim.recent import last_cycle
from tests.factories import ConnectionFactory
from tests.scim.directory import Provisioning, group, user

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def sent(connection: Connection, minutes_ago: float, **fields: Any) -> datetime:
    fields = {"method": "GET", "path": "Users", "status": 200} | fields
    at = NOW - timedelta(minutes=minutes_ago)
    ProvisioningRequest.objects.create(connection=connection, created_at=at, **fields)
    return at


def test_there_is_no_cycle_without_a_request(connection: Connection) -> None:
    sent(ConnectionFactory(name="fabrikam"), 1)
    assert last_cycle(connection) is None


def test_a_cycle_begins_after_a_pause(connection: Connection) -> None:
    sent(connection, 60)
    began = sent(connection, 49)
    sent(connection, 40)
    ended = sent(connection, 31)
    found = last_cycle(connection)
    assert found is not None
    assert (found.began_at, found.ended_at, found.requests) == (began, ended, 3)
    assert found.is_whole


def test_a_cycle_says_what_became_of_people(directory: Provisioning) -> None:
    former = directory.create(user("former@contoso.com"))
    directory.set_active(former, False)
    moved = timedelta(hours=1)
    for row in ProvisioningRequest.objects.all():
        ProvisioningRequest.objects.filter(pk=row.pk).update(created_at=row.created_at - moved)
    directory.connection.events.update(created_at=timezone.now() - moved)

    adele, megan = (directory.create(user(f"{name}@contoso.com")) for name in ("adele", "megan"))
    team = directory.create(group())
    directory.get('Users?filter=userName eq "nobody@contoso.com"')
    directory.get(f"Users/{team['id']}")  # 404 of a look-up is no refusal
    assert directory.post("Users", user("adele@contoso.com")).status_code == 409
    for title in ("Clerk", "Lead"):
        directory.change(adele, {"op": "Replace", "path": "title", "value": title})
    directory.change(team, {"op": "Add", "path": "members", "value": [{"value": adele["id"]}]})
    directory.set_active(megan, False)
    directory.send("DELETE", f"Users/{former['id']}")
    found = last_cycle(directory.connection)
    assert found is not None
    assert (found.requests, found.refused) == (11, 1)
    assert (found.created, found.changed, found.deprovisioned) == (2, 2, 2)


def test_a_long_cycle_is_counted_from_its_end(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(recent, "_MOST_COUNTED", 3)
    for number in range(3):
        directory.set_active(directory.create(user(f"p{number}@contoso.com")), False)
    with django_assert_num_queries(2):
        found = last_cycle(directory.connection)
    assert found is not None
    assert (found.requests, found.created, found.changed, found.deprovisioned) == (3, 1, 2, 2)
    assert not found.is_whole
    ProvisioningRequest.objects.filter(method="POST").delete()
    whole = last_cycle(directory.connection)
    assert whole is not None
    assert (whole.requests, whole.is_whole) == (3, True)
