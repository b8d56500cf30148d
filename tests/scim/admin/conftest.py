from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim.models import (
    GroupMember,
    ProvisionedGroup,
    ProvisionedPerson,
    ProvisioningRequest,
)


@pytest.fixture
def boss(db: None) -> Client:
    """A signed-in superuser."""
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("boss"),
        "django.contrib.auth.backends.ModelBackend",
    )
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Sign a staff member in who has exactly the given permissions."""

    def sign_in(*codenames: str) -> Client:
        user = get_user_model().objects.create_user("staff", is_staff=True)
        for codename in codenames:
            user.user_permissions.add(Permission.objects.get(codename=codename))
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def person_of(connection: Connection, name: str, **fields: object) -> ProvisionedPerson:
    fields = {"external_id": f"id-of-{name}", "external_id_key": f"id-of-{name}"} | fields
    return ProvisionedPerson.objects.create(
        connection=connection,
        user_name=f"{name}@contoso.com",
        user_name_key=f"{name}@contoso.com",
        email=f"{name}.mail@contoso.com",
        email_key=f"{name}.mail@contoso.com",
        display_name=name,
        **fields,
    )


def group_of(connection: Connection, name: str, *members: ProvisionedPerson) -> ProvisionedGroup:
    group = ProvisionedGroup.objects.create(
        connection=connection, display_name=name, display_name_key=name.lower()
    )
    for member in members:
        GroupMember.objects.create(group=group, value=member.scim_id, person=member)
    return group


def request_of(connection: Connection, **fields: object) -> ProvisioningRequest:
    fields = {"method": "POST", "path": "Users", "status": 201, "subject": "adele"} | fields
    return ProvisioningRequest.objects.create(
        connection=connection, created_at=timezone.now(), **fields
    )
