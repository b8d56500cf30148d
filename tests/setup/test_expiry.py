from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.models import SetupLink, SetupSession
from tests.setup.customer import Customer

pytestmark = pytest.mark.django_db


def clear() -> None:
    call_command("clear_events", stdout=StringIO())


def test_a_sessions_claims_go_when_it_is_over_and_its_row_later(customer: Customer) -> None:
    SetupSession.objects.update(trial={"claims": {}}, consent={"works": True})
    clear()
    assert SetupSession.objects.get().trial is not None
    SetupSession.objects.update(expires_at=timezone.now())
    clear()
    session = SetupSession.objects.get()
    assert (session.trial, session.consent) == (None, None)
    SetupSession.objects.update(expires_at=timezone.now() - timedelta(days=91))
    clear()
    assert not SetupSession.objects.exists()


def test_what_was_never_accepted_goes_with_the_link(customer: Customer, client: Client) -> None:
    customer.enter(client_secret="Zyx8Q~not-the-one-of-this-app")
    clear()
    assert customer.link.draft
    SetupLink.objects.update(expires_at=timezone.now())
    clear()
    assert customer.link.draft == {}
