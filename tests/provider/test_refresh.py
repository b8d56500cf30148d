"""Refreshing judges the person again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from azuread_connections.models import Application, EnabledConnection, Identity, Revocation
from azuread_connections.provider.models import Authorization, OAuthClientSecret
from tests.company import Company
from tests.factories import UserFactory
from tests.provider.relying_party import RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db


def assert_ended(portal: RelyingParty, tokens: dict[str, Any]) -> None:
    response = portal.refresh(tokens["refresh_token"])
    assert response.status_code == 400, response.content
    assert response.json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.introspect(tokens["access_token"]) == {"active": False}


def test_a_refresh_gives_new_tokens_and_ends_the_former(
    contoso: Company, portal: RelyingParty
) -> None:
    contoso.app.optional_claims += ["auth_time", "amr"]
    adele = Client()
    contoso.sign_in(adele, application=portal.application.slug)
    first = portal.tokens(adele)

    response = portal.refresh(first["refresh_token"])

    assert response.status_code == 200, response.content
    second = response.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert userinfo(first["access_token"]).status_code == 401
    assert userinfo(second["access_token"]).status_code == 200
    before = id_token_claims(first["id_token"], portal.client_id)
    after = id_token_claims(second["id_token"], portal.client_id)
    # OpenID Connect Core section 12.2.
    for name in ("iss", "sub", "aud", "auth_time", "amr", "sid"):
        assert after[name] == before[name]
    assert "nonce" not in after


def test_a_refresh_can_ask_for_less_and_never_for_more(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele, scope="openid profile offline_access")
    less = portal.refresh(tokens["refresh_token"], scope="openid offline_access").json()
    assert "name" not in userinfo(less["access_token"]).json()
    more = portal.refresh(less["refresh_token"], scope="openid email offline_access")
    assert more.json()["error"] == "invalid_scope"


def test_a_token_used_twice_ends_its_whole_family(portal: RelyingParty, adele: Client) -> None:
    first = portal.tokens(adele)
    second = portal.refresh(first["refresh_token"]).json()
    third = portal.refresh(second["refresh_token"]).json()

    assert portal.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"

    assert_ended(portal, third)


def test_another_client_cannot_use_it_nor_end_it(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    tokens = portal.tokens(adele)
    assert other.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert portal.refresh(tokens["refresh_token"]).status_code == 200


def deactivate(company: Company) -> None:
    get_user_model().objects.update(is_active=False)


def disable(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def revoke_person(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def revoke_directory(company: Company) -> None:
    Revocation.of_directory(company.connection, company.directory.tenant_id)


def sign_everybody_out(company: Company) -> None:
    Revocation.everybody(company.connection)


def tie_to_another(company: Company) -> None:
    identity = Identity.objects.get()
    identity.user = UserFactory.create()
    identity.save()


def delete_identity(company: Company) -> None:
    Identity.objects.get().delete()


def delete_connection(company: Company) -> None:
    company.connection.delete()


def become_public(company: Company) -> None:
    """From then on, the tokens would be usable without the secret."""
    Application.objects.update(application_type=Application.Type.SPA)


def move_directory(company: Company) -> None:
    company.connection.tenant_id = "11111111-1111-1111-1111-111111111111"
    company.connection.save()


@pytest.mark.parametrize(
    "happens",
    [
        deactivate,
        disable,
        revoke_person,
        revoke_directory,
        sign_everybody_out,
        tie_to_another,
        delete_identity,
        delete_connection,
        move_directory,
        become_public,
    ],
)
def test_what_ends_a_session_ends_its_tokens(
    happens: Callable[[Company], None],
    contoso: Company,
    portal: RelyingParty,
    adele: Client,
    settings: Any,
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    tokens = portal.tokens(adele)
    code = portal.code(adele)

    happens(contoso)
    if happens is become_public:
        assert userinfo(tokens["access_token"]).status_code == 401
        portal.secret = ""
        assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    else:
        assert_ended(portal, tokens)
    assert portal.exchange(code).json()["error"] == "invalid_grant"


def test_a_refresh_notices_at_once(contoso: Company, portal: RelyingParty, adele: Client) -> None:
    """Even where open sessions are looked at every half minute only."""
    tokens = portal.tokens(adele)
    assert userinfo(tokens["access_token"]).status_code == 200
    revoke_person(contoso)
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def test_enabling_the_connection_again_does_not_revive_tokens(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    disable(contoso)
    portal.refresh(tokens["refresh_token"])
    EnabledConnection.objects.create(application=portal.application, connection=contoso.connection)
    assert_ended(portal, tokens)


def test_a_refresh_token_ends_when_it_is_not_used(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele)
    get_refresh_token_model().objects.update(created=timezone.now() - timedelta(days=15))
    assert_ended(portal, tokens)


def test_a_refresh_token_ends_in_the_end_however_it_is_used(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    Authorization.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert_ended(portal, tokens)


def test_an_access_token_ends_and_its_refresh_token_goes_on(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    get_access_token_model().objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.introspect(tokens["access_token"]) == {"active": False}
    assert portal.refresh(tokens["refresh_token"]).status_code == 200


def test_it_goes_on_after_django_oauth_toolkit_has_cleared_the_access_token(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    get_access_token_model().objects.all().delete()
    response = portal.refresh(tokens["refresh_token"])
    assert response.status_code == 200, response.content
    assert userinfo(response.json()["access_token"]).status_code == 200


def test_no_token_is_stored(portal: RelyingParty, adele: Client, settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {}  # whatever django-oauth-toolkit would do
    tokens = portal.tokens(adele)
    stored = [
        *get_access_token_model().objects.values(),
        *get_refresh_token_model().objects.values(),
        *Authorization.objects.values(),
    ]
    for name in ("access_token", "refresh_token"):
        assert tokens[name] not in str(stored)


def test_a_public_client_that_becomes_confidential_starts_anew(
    contoso: Company, spa: RelyingParty
) -> None:
    browser = Client()
    spa.sign_in(contoso, browser)
    tokens = spa.tokens(browser)
    Application.objects.filter(pk=spa.application.pk).update(
        application_type=Application.Type.REGULAR_WEB
    )
    spa.secret = OAuthClientSecret.objects.add(spa.client)
    assert_ended(spa, tokens)


# --- Revoking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_a_client_revokes_a_token_and_all_that_came_with_it(
    portal: RelyingParty, adele: Client, name: str
) -> None:
    tokens = portal.tokens(adele)
    form = {**portal.credentials(), "token": tokens[name]}
    response = Client().post("/id/oauth/revoke", form)
    assert (response.status_code, response.content) == (200, b"")
    assert_ended(portal, tokens)


def test_a_public_client_revokes_its_token(contoso: Company, spa: RelyingParty) -> None:
    browser = Client()
    spa.sign_in(contoso, browser)
    tokens = spa.tokens(browser)
    form = {"client_id": spa.client_id, "token": tokens["refresh_token"]}
    assert Client().post("/id/oauth/revoke", form).status_code == 200
    assert spa.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_client_cannot_revoke_the_token_of_another(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    tokens = portal.tokens(adele)
    form = {**other.credentials(), "token": tokens["refresh_token"]}
    assert Client().post("/id/oauth/revoke", form).status_code == 200
    assert portal.refresh(tokens["refresh_token"]).status_code == 200


def test_a_machine_revokes_its_token(machine: RelyingParty) -> None:
    token = machine.token(grant_type="client_credentials").json()["access_token"]
    Client().post("/id/oauth/revoke", {**machine.credentials(), "token": token})
    assert machine.introspect(token) == {"active": False}


def test_revoking_needs_the_client_to_prove_itself(portal: RelyingParty, adele: Client) -> None:
    form = {"client_id": portal.client_id, "token": "x"}
    response = Client().post("/id/oauth/revoke", form)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")


# --- Introspection --------------------------------------------------------------------------------


def test_introspection_tells_a_client_about_its_own_token(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    answer = portal.introspect(tokens["access_token"])
    assert answer["active"] is True
    assert answer["client_id"] == portal.client_id
    assert answer["sub"] == userinfo(tokens["access_token"]).json()["sub"]
    assert answer["exp"] > answer["iat"]


def test_introspection_tells_nothing_of_the_tokens_of_others(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    assert other.introspect(portal.tokens(adele)["access_token"]) == {"active": False}


def test_introspection_needs_a_secret(spa: RelyingParty) -> None:
    form = {"client_id": spa.client_id, "token": "x"}
    response = Client().post("/id/oauth/introspect", form)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")
