"""By which ``sub`` clients know a person."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import Identity
from azuread_connections.provider.models import API, Auth0Subject
from azuread_connections.provider.subjects import is_subject, subject
from tests.company import Company, query_of
from tests.factories import IdentityFactory
from tests.login.flows.test_budget import statements
from tests.provider.relying_party import (
    SIGNED_OUT,
    RelyingParty,
    error_of,
    id_token_claims,
    userinfo,
)
from tests.provider.test_apis import ORDERS, access_claims

pytestmark = pytest.mark.django_db
TWIN = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
def moved(contoso: Company) -> RelyingParty:
    """A client that came from Auth0 and knows its people by Auth0's IDs."""
    party = RelyingParty.create(contoso)
    party.client.uses_auth0_subjects = True
    party.client.save()
    return party


@pytest.fixture
def adele_there(contoso: Company, moved: RelyingParty) -> Client:
    browser = Client()
    contoso.sign_in(browser, application=moved.application.slug)
    return browser


def test_a_client_from_auth0_knows_the_person_as_before_everywhere(
    contoso: Company, moved: RelyingParty, adele_there: Client
) -> None:
    API.objects.create(name="Orders", identifier=ORDERS)
    name = f"waad|{contoso.person.object_id}"
    tokens = moved.tokens(adele_there)
    assert id_token_claims(tokens["id_token"], moved.client_id)["sub"] == name
    assert userinfo(tokens["access_token"]).json()["sub"] == name
    assert moved.introspect(tokens["access_token"])["sub"] == name
    refreshed = moved.refresh(tokens["refresh_token"]).json()
    assert id_token_claims(refreshed["id_token"], moved.client_id)["sub"] == name
    for_api = moved.tokens(adele_there, audience=ORDERS)["access_token"]
    assert access_claims(for_api)["sub"] == name


def test_other_clients_know_the_person_by_the_usual_name(
    contoso: Company, moved: RelyingParty, portal: RelyingParty, adele_there: Client
) -> None:
    moved.tokens(adele_there)
    claims = id_token_claims(portal.tokens(adele_there)["id_token"], portal.client_id)
    assert claims["sub"].startswith("azuread|")


def test_the_name_is_never_that_of_a_second_person(
    contoso: Company, moved: RelyingParty, adele_there: Client
) -> None:
    """An object ID is unique in its directory only."""
    moved.tokens(adele_there)
    first = Identity.objects.get()
    second = IdentityFactory.create(object_id=first.object_id, tenant_id=TWIN)
    assert subject(second, moved.client).startswith("azuread|")
    assert not is_subject(second, f"waad|{first.object_id}")
    # Nor when the first one is gone.
    first.delete()
    again = Identity.objects.get(pk=second.pk)
    assert subject(again, moved.client).startswith("azuread|")
    assert Auth0Subject.objects.count() == 1


def test_the_person_comes_back_to_the_name_after_their_user_was_deleted(
    contoso: Company, moved: RelyingParty, adele_there: Client
) -> None:
    name = id_token_claims(moved.tokens(adele_there)["id_token"], moved.client_id)["sub"]
    get_user_model().objects.all().delete()
    adele_there = Client()
    contoso.sign_in(adele_there, application=moved.application.slug)
    again = id_token_claims(moved.tokens(adele_there)["id_token"], moved.client_id)["sub"]
    assert again == name


def test_a_hint_of_either_kind_names_the_person(
    contoso: Company, moved: RelyingParty, portal: RelyingParty, adele_there: Client
) -> None:
    old, usual = moved.tokens(adele_there)["id_token"], portal.tokens(adele_there)["id_token"]
    for party in (moved, portal):
        for hint in (old, usual):
            response = party.authorize(adele_there, id_token_hint=hint)
            assert "code" in query_of(response["Location"])
    other = Client()
    megan = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(other, megan, application=moved.application.slug)
    for hint in (old, usual):
        assert error_of(moved.authorize(other, id_token_hint=hint)) == "login_required"
    form = {"id_token_hint": old, "post_logout_redirect_uri": SIGNED_OUT}
    assert adele_there.get("/id/oidc/logout", form)["Location"] == SIGNED_OUT


def test_it_costs_one_statement_where_it_is_used(
    moved: RelyingParty, portal: RelyingParty, adele_there: Client
) -> None:
    API.objects.create(name="Orders", identifier=ORDERS)

    def costs(party: RelyingParty) -> tuple[int, int, int]:
        party.tokens(adele_there)
        code = party.code(adele_there, audience=ORDERS)
        with statements() as at_token:
            tokens = party.exchange(code).json()
        with statements() as at_refresh:
            tokens = party.refresh(tokens["refresh_token"]).json()
        opaque = party.tokens(adele_there)["access_token"]
        with statements() as at_userinfo:
            userinfo(opaque)
        return len(at_token), len(at_refresh), len(at_userinfo)

    usual, with_names = costs(portal), costs(moved)
    assert [more - less for more, less in zip(with_names, usual, strict=True)] == [1, 1, 1]
    assert all(cost <= limit for cost, limit in zip(with_names, (12, 12, 3), strict=True))
