from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.trials import trials
from azuread_connections.models import Event
from tests.company import Company
from tests.factories import ConnectionFactory
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db


def test_a_trial_of_a_set_up_counts(contoso: Company, client: Client) -> None:
    customer = Invited.invite(contoso, client)
    customer.try_it()
    states = {item.key: item.state for item in checklist(contoso.connection)}
    assert states["registered"] == states["tried"] == "done"


def test_another_step_of_a_set_up_does_not() -> None:
    connection = ConnectionFactory.create()
    Event.objects.create(
        created_at=timezone.now(), kind=Event.Kind.SETUP_STEP, connection=connection
    )
    assert not trials(connection).exists()
