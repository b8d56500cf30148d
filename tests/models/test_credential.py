from __future__ import annotations

import pytest

from azuread_connections.entra.errors import CredentialFailed
from azuread_connections.login.log import events
from azuread_connections.models import Credential
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db


def test_a_refusal_and_a_success_are_noted_of_one_secret_only(contoso):
    first = contoso.connection.credentials.get()
    CredentialFactory.create(connection=contoso.connection)
    first.record_failure(CredentialFailed())
    assert list(Credential.objects.exclude(refused_at=None)) == [first]
    first.refresh_from_db()
    first.last_success_at = events.timezone.now()
    first.save()
    first.record_success()  # within the hour, but a refusal has to be removed
    first.refresh_from_db()
    assert first.refused_at is None
