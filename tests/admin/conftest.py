from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from azuread_connections.models import Application, Connection
from azuread_connections.testing.standin import StandIn

#: In Azure's form, and recognisable if one leaks.
SECRET = "abc8Q~leak-me-if-you-can-0123456789.ABCd"
CLIENT_ID = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture
def microsoft(microsoft: StandIn) -> StandIn:
    """The stand-in, in place of Microsoft, with Contoso's directory."""
    microsoft.add_directory("contoso.com")
    return microsoft


@pytest.fixture
def connection(application: Application) -> Connection:
    """A finished connection to Contoso, without a secret."""
    connection = Connection.objects.create(
        name="contoso",
        display_name="Contoso",
        domain="contoso.com",
        client_id=CLIENT_ID,
    )
    connection.pin("aaaabbbb-0000-cccc-1111-dddd2222eeee")
    connection.applications.add(application)
    return connection


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Sign a staff member in who has exactly the given permissions."""

    def sign_in(*codenames: str) -> Client:
        user = get_user_model().objects.create_user("staff", is_staff=True)
        for codename in codenames:
            user.user_permissions.add(
                Permission.objects.get(
                    codename=codename, content_type__app_label="azuread_connections"
                )
            )
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def boss(db: None) -> Client:
    """A signed-in superuser."""
    user = get_user_model().objects.create_superuser("boss")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client
