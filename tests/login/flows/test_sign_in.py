from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Event, Identity
from tests.company import Company

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_and_arrives(contoso: Company, client: Client) -> None:
    response = contoso.sign_in(client, next="/reports/?year=2026")

    assert response.status_code == 302
    assert response["Location"] == "/reports/?year=2026"
    user = get_user(client)  # type: ignore[arg-type]
    assert user.get_username() == "adele.vance@contoso.com"
    assert isinstance(user, User)
    assert (user.first_name, user.last_name) == ("Adele", "Vance")
    assert user.email == "adele.vance@contoso.com"
    assert not user.has_usable_password()
    identity = Identity.objects.get()
    assert identity.user == user
    assert (identity.tenant_id, identity.object_id) == (
        contoso.directory.tenant_id,
        contoso.person.object_id,
    )
    event = Event.objects.get()
    assert (event.kind, event.person) == ("signed_in", "adele.vance@contoso.com")
