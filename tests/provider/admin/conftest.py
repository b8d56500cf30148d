from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.factories import UserFactory


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Sign a staff member in who has exactly the given permissions."""

    def sign_in(*codenames: str) -> Client:
        user = UserFactory.create(is_staff=True)
        ours = Permission.objects.filter(content_type__app_label__startswith="azuread_")
        user.user_permissions.set(ours.filter(codename__in=codenames))
        assert user.user_permissions.count() == len(codenames)
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
