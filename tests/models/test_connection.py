from __future__ import annotations

import pytest

from azuread_connections.models import Connection, DomainAlias
from tests.company import move_to, unprove

pytestmark = pytest.mark.django_db


def test_a_pin_found_for_a_domain_meanwhile_changed_proves_nothing(contoso):
    unprove()
    stale = Connection.objects.get()
    move_to(Connection.objects.get(), "victim.example")
    stale.pin(contoso.directory.tenant_id)
    assert not DomainAlias.objects.exclude(verified_at=None).exists()
