"""The directory that reports its people to this app, and many whom it has reported before."""

from __future__ import annotations

import uuid

from django.contrib.auth import get_user_model

from azuread_connections.models import Connection, Identity
from azuread_connections.scim import tokens
from azuread_connections.scim.models import GroupMember, ProvisionedGroup, ProvisionedPerson
from azuread_connections.scim.models.keys import external_key, text_key
from benchmarks.inside.site import add_connection
from benchmarks.peers import DOMAIN, OURS

_BATCH = 1000


def create() -> str:
    """Return the token of a connection."""
    return tokens.create(add_connection("contoso", OURS.client_id))[1]


def fill(people: int) -> str:
    """Store so many people with their users, all in one group; return the group's ID."""
    connection = Connection.objects.get()
    group = ProvisionedGroup.objects.create(
        connection=connection, display_name="Everybody", display_name_key=text_key("Everybody")
    )
    for begin in range(0, people, _BATCH):
        numbers = range(begin, min(begin + _BATCH, people))
        stored = _store(connection, [f"person{number}@{DOMAIN}" for number in numbers])
        GroupMember.objects.bulk_create(
            [GroupMember(group=group, value=person.scim_id, person=person) for person in stored]
        )
    return group.scim_id


def _store(connection: Connection, names: list[str]) -> list[ProvisionedPerson]:
    users = get_user_model()._default_manager.bulk_create(
        [get_user_model()(username=name, email=name, password="!") for name in names]
    )
    identities = Identity.objects.bulk_create(
        [
            Identity(
                user=user,
                cloud=connection.identity_cloud,
                tenant_id=connection.tenant_id,
                object_id=str(uuid.uuid4()),
                connection=connection,
                login_name=name,
            )
            for user, name in zip(users, names, strict=True)
        ]
    )
    return ProvisionedPerson.objects.bulk_create(
        [
            ProvisionedPerson(
                connection=connection,
                user_name=name,
                user_name_key=text_key(name),
                external_id=identity.object_id,
                external_id_key=external_key(identity.object_id),
                identity=identity,
                user=identity.user,
                made_user=True,
            )
            for identity, name in zip(identities, names, strict=True)
        ]
    )
