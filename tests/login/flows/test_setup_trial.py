"""The trial of a set-up: what is kept, and what of it can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory

from azuread_connections.login.flows import setup_trial
from azuread_connections.models import Event, SetupSession
from azuread_connections.setup import steps
from tests.company import Company, query_of
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db

CHALLENGE = {"access_token": {"capolids": {"essential": True, "values": ["c0ffee"]}}}


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


def last(customer: Invited) -> setup_trial.Trial | None:
    request = RequestFactory().get("/")
    return setup_trial.last_trial(request, customer.session)


def stored(customer: Invited, **changes: Any) -> None:
    """Change what the row holds, as another version of this app would have stored it."""
    trial = customer.session.trial
    assert trial is not None
    trial["outcome"] |= changes
    SetupSession.objects.filter(pk=customer.session.pk).update(trial=trial)


def test_no_claim_but_the_profile_is_kept(customer: Invited) -> None:
    customer.try_it()
    trial = customer.session.trial
    assert trial is not None
    assert set(trial["outcome"]) == {"works", "profile", "groups", "problems", "is_guest"}
    assert customer.company.person.object_id not in str(trial)


def test_the_site_knows_nothing_of_the_credential_in_the_row(customer: Invited) -> None:
    """The summary of a failure names the site's credentials."""
    customer.company.microsoft.fault("token", aadsts=7000215, times=None)
    customer.try_it()
    trial = customer.session.trial
    assert trial is not None
    assert "summary" not in trial["outcome"]
    assert "client secret" in Event.objects.get(kind="setup_step").message


def test_an_outcome_is_of_the_last_trial(customer: Invited) -> None:
    customer.try_it()
    customer.begin_trial()
    trial = last(customer)
    assert trial is not None
    assert trial.outcome is None
    assert trial.begun_at is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"works": "yes"},
        {"works": False},
        {"works": False, "code": "of another version"},
        {"profile": []},
        {"groups": "many"},
        {"aadsts_code": "50011"},
    ],
)
def test_an_outcome_of_another_version_counts_as_none(
    customer: Invited, changes: dict[str, Any]
) -> None:
    customer.try_it()
    stored(customer, **changes)
    assert last(customer) is None
    assert "It works" not in customer.get(steps.TRY)


@pytest.mark.parametrize("value", [[], "text", 1, {}, {"fingerprint": 3}])
def test_a_row_of_another_version_counts_as_none(customer: Invited, value: Any) -> None:
    SetupSession.objects.update(trial=value)
    assert last(customer) is None
    assert 'name="try"' in customer.get(steps.TRY)


def test_two_tabs_each_bring_back_their_outcome(customer: Invited) -> None:
    microsoft, person = customer.company.microsoft, customer.company.person
    first = microsoft.sign_in(customer.begin_trial(), person)
    second = microsoft.decline(customer.begin_trial())
    customer.client.get(second)
    assert "It works" not in customer.get(steps.TRY)
    customer.client.get(first)
    assert "It works" in customer.get(steps.TRY)


def test_a_claims_challenge_is_followed_once(customer: Invited) -> None:
    microsoft = customer.company.microsoft
    microsoft.fault("token", aadsts=50076, claims=CHALLENGE)
    callback = microsoft.sign_in(customer.begin_trial(), customer.company.person)
    again = customer.client.get(callback)["Location"]
    assert json.loads(query_of(again)["claims"]) == CHALLENGE
    answer = customer.company.come_back(customer.client, again)
    assert answer["Location"] == customer.path(steps.TRY)
    found = last(customer)
    assert found is not None
    assert found.works


def test_a_second_challenge_is_the_outcome(customer: Invited) -> None:
    microsoft = customer.company.microsoft
    microsoft.fault("token", aadsts=50076, claims=CHALLENGE, times=2)
    callback = microsoft.sign_in(customer.begin_trial(), customer.company.person)
    again = customer.client.get(callback)["Location"]
    answer = customer.company.come_back(customer.client, again)
    assert answer["Location"] == customer.path(steps.TRY)
    found = last(customer)
    assert found is not None
    assert found.outcome is not None
    assert found.outcome["aadsts_code"] == 50076
