"""What the migration does with existing rows."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection as database
from django.utils import timezone

from azuread_connections import migrations
from azuread_connections.models import (
    Connection,
    Directory,
    Event,
    GroupGrant,
    Identity,
)
from tests.factories import ConnectionFactory, IdentityFactory, UserFactory

pytestmark = pytest.mark.django_db

SUBJECT = "_directory_trust"
TENANT = "11112222-bbbb-3333-cccc-4444dddd5555"
OTHER = "99998888-aaaa-7777-bbbb-6666cccc5555"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
SALES = "22223333-cccc-4444-dddd-5555eeee6666"


def migrate(*names: str) -> None:
    [name] = [m.name for m in iter_modules(migrations.__path__) if m.name.endswith(SUBJECT)]
    migration = import_module(f"{migrations.__name__}.{name}")
    for name in names:
        getattr(migration, name)(apps, SimpleNamespace(connection=database))


def admitted_by(directory: Directory) -> str:
    directory.refresh_from_db()
    return directory.admitted_by


@pytest.mark.parametrize(
    ("policy", "status", "tenant_id", "expected"),
    [
        ("accept", "allowed", OTHER, "itself"),
        ("hold", "allowed", OTHER, "administrator"),
        ("listed", "allowed", OTHER, "administrator"),
        ("hold", "waiting", OTHER, "itself"),
        ("accept", "refused", OTHER, "administrator"),
        ("accept", "allowed", PERSONAL, "administrator"),
        ("hold", "allowed", TENANT, "own"),
        ("hold", "refused", TENANT, "administrator"),
    ],
)
def test_who_let_a_directory_in_is_derived_from_the_policy(
    policy: str, status: str, tenant_id: str, expected: str
) -> None:
    connection = ConnectionFactory.create(tenant_id=TENANT, new_directories=policy)
    Directory.objects.all().delete()
    row = connection.directories.create(tenant_id=tenant_id, status=status)
    migrate("note_who_let_directories_in")
    assert admitted_by(row) == expected


@pytest.mark.parametrize(
    ("here", "there", "status"),
    [("global", "global", "waiting"), ("usgov", "dod", "waiting"), ("global", "usgov", "allowed")],
)
def test_what_is_pinned_by_another_connection_waits(here: str, there: str, status: str) -> None:
    common = ConnectionFactory.create(cloud=here, new_directories="accept")
    ConnectionFactory.create(cloud=there, tenant_id=OTHER)
    row = common.directories.create(tenant_id=OTHER)
    migrate("note_who_let_directories_in", "hold_directories_of_other_connections")
    row.refresh_from_db()
    assert row.status == status


def person(connection: Connection, **values: Any) -> Identity:
    return IdentityFactory.create(connection=connection, tenant_id=connection.tenant_id, **values)


def test_what_mappings_gave_is_noted() -> None:
    connection = ConnectionFactory.create(tenant_id=TENANT)
    sibling = ConnectionFactory.create(tenant_id=TENANT)
    group = Group.objects.create(name="staff")
    connection.group_mappings.create(directory_group_id=SALES, group=group)
    connection.group_mappings.create(directory_group_id=OTHER, admits=True)
    inside = person(connection)
    outside = person(connection)
    by_sibling = person(sibling, groups=[{"id": SALES, "name": "Sales"}])
    by_hand = person(sibling)
    stranger = IdentityFactory.create(tenant_id=OTHER)
    for identity in (inside, by_sibling, by_hand, stranger):
        identity.user.groups.add(group)
    migrate("note_what_mappings_gave")
    noted = set(GroupGrant.objects.values_list("identity", "connection", "group"))
    assert noted == {
        (inside.pk, connection.pk, group.pk),
        (by_sibling.pk, connection.pk, group.pk),
    }
    assert outside.pk not in {identity for identity, _, _ in noted}


def twins(*, same_user: bool, dod_is_newer: bool) -> tuple[Identity, Identity]:
    """One person with a row in US Government and one in DoD."""
    now = timezone.now()
    key = {"tenant_id": TENANT, "object_id": OTHER}
    usgov = IdentityFactory.create(cloud="usgov", last_sign_in_at=now, **key)
    user = usgov.user if same_user else UserFactory.create()
    dod = IdentityFactory.create(cloud="global", user=user, **key)
    moment = now + timedelta(hours=1 if dod_is_newer else -1)
    Identity.objects.filter(pk=dod.pk).update(cloud="dod", last_sign_in_at=moment)
    return usgov, dod


def test_people_of_dod_get_the_key_of_their_login_host() -> None:
    identity = IdentityFactory.create()
    Identity.objects.update(cloud="dod")
    migrate("know_people_by_login_host")
    identity.refresh_from_db()
    assert identity.cloud == "usgov"


@pytest.mark.parametrize("dod_is_newer", [True, False])
def test_the_latest_of_two_identities_of_different_users_stays_and_no_user_is_lost(
    dod_is_newer: bool,
) -> None:
    usgov, dod = twins(same_user=False, dod_is_newer=dod_is_newer)
    kept, ended = (dod, usgov) if dod_is_newer else (usgov, dod)
    connection = ConnectionFactory.create()
    group = Group.objects.create(name="staff")
    for identity in (usgov, dod):
        identity.user.groups.add(group)
        identity.group_grants.create(connection=connection, group=group)
    event = Event.objects.create(created_at=timezone.now(), kind="signed_in", identity=ended)
    migrate("know_people_by_login_host")
    stored = Identity.objects.get()
    assert (stored.pk, stored.cloud, stored.user) == (kept.pk, "usgov", kept.user)
    ended.user.refresh_from_db()
    assert not ended.user.groups.exists()
    assert kept.user.groups.get() == group
    event.refresh_from_db()
    assert event.identity == stored
    assert "share their directories" in Event.objects.get(kind="user_unlinked").message


def test_two_ties_to_one_user_become_one_with_all_that_they_gave() -> None:
    usgov, dod = twins(same_user=True, dod_is_newer=True)
    connection = ConnectionFactory.create()
    group = Group.objects.create(name="staff")
    usgov.user.groups.add(group)
    usgov.group_grants.create(connection=connection, group=group)
    migrate("know_people_by_login_host")
    stored = Identity.objects.get()
    assert stored.pk == dod.pk
    assert stored.group_grants.get().group == group
    assert usgov.user.groups.exists()
    assert not Event.objects.exists()
