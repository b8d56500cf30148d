"""The binding of a transaction to one opening. Attacks on it: tests/attacks."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Connection
from azuread_connections.setup import steps
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


def test_the_state_names_the_step_and_nothing_secret(customer: Invited) -> None:
    state = query_of(next_address(customer.begin_trial()))["state"]
    assert state.partition(".")[2] == f"setup.{customer.link.reference}.try"
    assert customer.token_path.rpartition("/")[2] not in state


def test_a_used_trial_leads_back_to_the_step(customer: Invited) -> None:
    callback = customer.company.microsoft.sign_in(customer.begin_trial(), customer.company.person)
    customer.client.get(callback)
    response = customer.client.get(callback)
    assert error_code(response) == "transaction_missing"
    assert f'href="{customer.path(steps.TRY)}"' in response.content.decode()
    assert "Back to the set-up" in response.content.decode()


def test_a_deleted_connection_ends_the_trial(customer: Invited) -> None:
    callback = customer.company.microsoft.sign_in(customer.begin_trial(), customer.company.person)
    Connection.objects.all().delete()
    assert error_code(customer.client.get(callback)) == "transaction_expired"


def test_an_edited_connection_ends_the_trial(customer: Invited) -> None:
    callback = customer.company.microsoft.sign_in(customer.begin_trial(), customer.company.person)
    Connection.objects.update(identity_api="v1.0")
    customer.client.get(callback)
    assert "It works" not in customer.get(steps.TRY)
