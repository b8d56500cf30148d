"""Consent asked for in a set-up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from azuread_connections.login.flows import setup_consent
from azuread_connections.models import Event, SetupSession
from azuread_connections.setup import steps
from azuread_connections.testing import next_address
from tests.company import Company, query_of
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


def come_back(customer: Invited, **parameters: str) -> None:
    begun = customer.post(steps.PERMISSIONS, consent="1")
    state = query_of(next_address(begun))["state"]
    response = customer.client.get("/login/callback", {"state": state, **parameters})
    assert response["Location"] == customer.path(steps.PERMISSIONS)


def last(customer: Invited) -> setup_consent.ConsentAnswer | None:
    return setup_consent.last_answer(RequestFactory().get("/"), customer.session)


def test_an_answer_is_kept_with_the_opening(customer: Invited) -> None:
    tenant = customer.company.directory.tenant_id
    come_back(customer, admin_consent="True", tenant=tenant)
    answer = last(customer)
    assert answer == setup_consent.ConsentAnswer(True, tenant, None, "")
    event = Event.objects.get(kind="consent_returned")
    assert (event.person, event.is_unconfirmed) == (f"set-up link {customer.link.reference}", True)


def test_a_text_that_databases_do_not_store_is_kept_without_it(customer: Invited) -> None:
    come_back(customer, error="access_denied", error_description="AADSTS65004: no\x00 😀")
    answer = last(customer)
    assert answer is not None
    assert not answer.is_granted
    assert answer.aadsts_code == 65004
    assert "😀" in answer.detail


def test_no_answer_is_no_consent(customer: Invited) -> None:
    come_back(customer)
    answer = last(customer)
    assert answer is not None
    assert not answer.is_granted


@pytest.mark.parametrize("value", [[], "text", {}, {"granted": "yes"}])
def test_a_row_of_another_version_counts_as_none(customer: Invited, value: Any) -> None:
    SetupSession.objects.update(consent=value)
    assert last(customer) is None
