"""What a client learns of the sign-in, and of the person's roles."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import EnabledConnection, Identity
from azuread_connections.testing.directory.apps import App
from tests.company import Company
from tests.factories import ConnectionFactory, CredentialFactory
from tests.provider.relying_party import RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db


def claims_for(
    company: Company, party: RelyingParty, scope: str = "openid offline_access"
) -> dict[str, Any]:
    browser = Client()
    company.sign_in(browser, application=party.application.slug)
    return id_token_claims(party.tokens(browser, scope=scope)["id_token"], party.client_id)


# --- The authentication ---------------------------------------------------------------------------


def test_a_client_learns_when_and_how_as_microsoft_said(
    contoso: Company, portal: RelyingParty
) -> None:
    contoso.app.optional_claims += ["auth_time", "amr"]
    contoso.person.methods = ["pwd", "mfa"]
    contoso.person.claims["auth_time"] = then = int(time.time()) - 900
    found = claims_for(contoso, portal)
    assert found["auth_time"] == then
    assert found["amr"] == ["pwd", "mfa"]


def test_it_learns_nothing_where_microsoft_says_nothing(
    contoso: Company, portal: RelyingParty
) -> None:
    """The time of the sign-in here is not when the person authenticated."""
    assert not {"auth_time", "amr"} & set(claims_for(contoso, portal))


@pytest.mark.parametrize("asked", [{"max_age": "3600"}, {"prompt": "login"}])
def test_who_asks_for_an_age_gets_the_time_or_an_error(
    contoso: Company, portal: RelyingParty, asked: dict[str, str]
) -> None:
    """OpenID Connect Core section 2: `auth_time` is required then."""
    contoso.app.optional_claims += ["auth_time"]
    answer = portal.sign_in(contoso, Client(), **asked)
    tokens = portal.exchange(answer["code"]).json()
    assert time.time() - id_token_claims(tokens["id_token"], portal.client_id)["auth_time"] < 60


def test_under_v1_the_methods_are_always_there(fabrikam: Company) -> None:
    party = RelyingParty.create(fabrikam)
    fabrikam.person.methods = ["rsa", "mfa"]
    assert claims_for(fabrikam, party)["amr"] == ["rsa", "mfa"]


# --- Roles ----------------------------------------------------------------------------------------


def roles_of(company: Company, party: RelyingParty) -> list[str] | None:
    found: list[str] | None = claims_for(company, party, "openid roles").get("roles")
    return found


def test_roles_are_given_by_their_scope(contoso: Company, portal: RelyingParty) -> None:
    contoso.app.assign_roles(contoso.person, "Orders.Read", "Orders.Approve")
    assert "roles" not in claims_for(contoso, portal, "openid profile groups email")
    assert roles_of(contoso, portal) == ["Orders.Read", "Orders.Approve"]
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    token = portal.tokens(browser, scope="openid roles")["access_token"]
    assert userinfo(token).json()["roles"] == ["Orders.Read", "Orders.Approve"]


def test_a_role_that_was_taken_away_is_gone_at_the_next_sign_in(
    contoso: Company, portal: RelyingParty
) -> None:
    contoso.app.assign_roles(contoso.person, "Orders.Approve")
    assert roles_of(contoso, portal) == ["Orders.Approve"]
    contoso.app.assign_roles(contoso.person)
    assert roles_of(contoso, portal) == []
    assert Identity.objects.get().roles == []


def test_the_roles_of_another_registration_are_not_told(
    contoso: Company, portal: RelyingParty
) -> None:
    """A role that is called the same may mean something else there."""
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    tokens = portal.tokens(browser, scope="openid roles offline_access")
    other: App = contoso.directory.add_app(redirect_uris=contoso.app.redirect_uris)
    other.assign_roles(contoso.person, "Administrator")
    connection = ConnectionFactory.create(
        name="contoso-shop", domain="shop.contoso.com", tenant_id="", client_id=other.client_id
    )
    connection.pin(contoso.directory.tenant_id)
    CredentialFactory.create(connection=connection, value=other.secrets[0].value)
    shop = Company(contoso.microsoft, contoso.directory, other, contoso.person, connection)
    EnabledConnection.objects.create(application=portal.application, connection=connection)
    shop.sign_in(Client(), application=portal.application.slug)
    assert Identity.objects.get().roles == ["Administrator"]

    assert userinfo(tokens["access_token"]).json()["roles"] == []
    assert roles_of(shop, portal) == ["Administrator"]


@pytest.mark.parametrize("stored", [None, {}, "Administrator"])
def test_stored_roles_that_are_no_list_give_none(
    contoso: Company, portal: RelyingParty, stored: object
) -> None:
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    if stored is not None:
        Identity.objects.update(roles=stored)
    token = portal.tokens(browser, scope="openid roles")["access_token"]
    assert userinfo(token).json()["roles"] == []
