"""The sub-app's pages in the Django admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from azuread_connections.provider import scopes
from azuread_connections.provider.models import API, ClientGrant, OAuthClient, OAuthClientSecret
from azuread_connections.provider.models.api import OPENID_SCOPES
from tests.factories import ApplicationFactory, UserFactory
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

CLIENTS = "/admin/azuread_provider/oauthclient/"
APIS = "/admin/azuread_provider/api/"


def without_inlines() -> dict[str, Any]:
    return {
        f"{prefix}-{name}": 0
        for prefix in ("secrets", "grants")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }


def test_an_application_becomes_a_client(admin_client: Client) -> None:
    application = ApplicationFactory.create(external_id="KeptId")
    assert admin_client.get(f"{CLIENTS}add/").status_code == 200
    form = {
        "application": application.pk,
        "is_first_party": "on",
        "origins": "https://App.example.com/\nhttps://app.example.com:443",
    }
    response = admin_client.post(f"{CLIENTS}add/", form, follow=True)
    client = OAuthClient.objects.get()
    assert client.client_id == "KeptId"
    assert client.web_origins == ["https://app.example.com"]
    assert (client.is_first_party, client.is_pkce_required) == (True, False)
    assert "Now give the client a secret" in response.content.decode()
    # It is offered once.
    assert (
        f'<option value="{application.pk}"'
        not in admin_client.get(f"{CLIENTS}add/").content.decode()
    )


@pytest.mark.parametrize(
    "line",
    ["app.example.com", "https://a.example/x", "http://a.example", "https://*.a.example", "null"],
)
def test_each_wrong_origin_is_named(admin_client: Client, line: str) -> None:
    form = {"application": ApplicationFactory.create().pk, "origins": f"https://ok.example\n{line}"}
    page = admin_client.post(f"{CLIENTS}add/", form).content.decode()
    assert f"“{line}” is not an origin" in page
    assert not OAuthClient.objects.exists()


def test_a_client_id_that_is_taken_is_named(admin_client: Client, portal: RelyingParty) -> None:
    form = {"application": ApplicationFactory.create().pk, "new_client_id": portal.client_id}
    assert "is taken" in admin_client.post(f"{CLIENTS}add/", form).content.decode()


def test_a_secret_is_shown_once(admin_client: Client, portal: RelyingParty) -> None:
    page = admin_client.get(f"{CLIENTS}{portal.client.pk}/change/").content.decode()
    assert portal.client_id in page
    assert portal.secret not in page
    assert "Add a client secret" in page
    response = admin_client.post(f"{CLIENTS}{portal.client.pk}/add-secret/")
    assert "no-store" in response["Cache-Control"]
    (secret,) = re.findall(r'id="azuread-client-secret">([^<]+)<', response.content.decode())
    assert OAuthClientSecret.objects.accepts(portal.client, secret)
    assert OAuthClientSecret.objects.accepts(portal.client, portal.secret)
    for path in (f"{CLIENTS}{portal.client.pk}/change/", f"{CLIENTS}{portal.client.pk}/history/"):
        assert secret not in admin_client.get(path).content.decode()


def test_a_link_adds_no_secret(admin_client: Client, portal: RelyingParty) -> None:
    assert admin_client.get(f"{CLIENTS}{portal.client.pk}/add-secret/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    assert strict.post(f"{CLIENTS}{portal.client.pk}/add-secret/").status_code == 403


def test_a_public_client_is_given_none(admin_client: Client, spa: RelyingParty) -> None:
    page = admin_client.get(f"{CLIENTS}{spa.client.pk}/change/").content.decode()
    assert "Add a client secret" not in page
    assert admin_client.post(f"{CLIENTS}{spa.client.pk}/add-secret/").status_code == 403


def test_who_may_only_look_is_given_none(client: Client, portal: RelyingParty) -> None:
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_oauthclient"))
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    page = client.get(f"{CLIENTS}{portal.client.pk}/change/")
    assert page.status_code == 200
    assert "Add a client secret" not in page.content.decode()
    assert client.post(f"{CLIENTS}{portal.client.pk}/add-secret/").status_code == 403
    assert OAuthClientSecret.objects.count() == 1


def test_a_client_is_changed_and_granted_an_api(admin_client: Client, portal: RelyingParty) -> None:
    api = API.objects.create(name="Orders", identifier="urn:orders", scopes={"read": "see"})
    secret = OAuthClientSecret.objects.get()
    form = {
        "origins": "https://b.example",
        "credentials-TOTAL_FORMS": 1,
        "credentials-INITIAL_FORMS": 1,
        "credentials-0-id": secret.pk,
        "credentials-0-client": portal.client.pk,
        "credentials-0-expires_at_0": "2999-01-31",
        "credentials-0-expires_at_1": "00:00:00",
        "grants-TOTAL_FORMS": 1,
        "grants-INITIAL_FORMS": 0,
        "grants-0-client": portal.client.pk,
        "grants-0-api": api.pk,
        "grants-0-scope": "read",
    }
    response = admin_client.post(f"{CLIENTS}{portal.client.pk}/change/", form)
    assert response.status_code == 302, response.content.decode()
    portal.client.refresh_from_db()
    assert not portal.client.is_first_party
    assert portal.client.web_origins == ["https://b.example"]
    assert OAuthClientSecret.objects.get().expires_at.year == 2999
    assert ClientGrant.objects.get().scope == "read"
    tokens = portal.token(grant_type="client_credentials", audience="urn:orders")
    assert tokens.status_code == 200


def test_the_lists_and_the_search(admin_client: Client, portal: RelyingParty) -> None:
    assert portal.client_id in admin_client.get(CLIENTS).content.decode()
    found = admin_client.get(CLIENTS, {"q": portal.client_id}).content.decode()
    assert portal.application.name in found
    assert admin_client.get(APIS).status_code == 200


def test_deleting_a_client_ends_it(admin_client: Client, portal: RelyingParty) -> None:
    path = f"{CLIENTS}{portal.client.pk}/delete/"
    assert admin_client.get(path).status_code == 200
    admin_client.post(path, {"post": "yes"})
    assert portal.token(grant_type="client_credentials").status_code == 401


def test_an_api_has_its_scopes_one_a_line(admin_client: Client) -> None:
    form = {
        "name": "Orders",
        "identifier": "urn:orders",
        "scopes": "read:orders = see, and count, your orders\nwrite",
    }
    assert admin_client.post(f"{APIS}add/", form).status_code == 302
    api = API.objects.get()
    assert api.scopes == {"read:orders": "see, and count, your orders", "write": "write"}
    page = admin_client.get(f"{APIS}{api.pk}/change/").content.decode()
    assert "read:orders = see, and count, your orders" in page
    changed = {"name": "Orders", "scopes": "read:orders = see"}
    assert admin_client.post(f"{APIS}{api.pk}/change/", changed).status_code == 302
    api.refresh_from_db()
    assert (api.identifier, api.scopes) == ("urn:orders", {"read:orders": "see"})


@pytest.mark.parametrize("line", ["a b = c", "openid", '"x"', "é"])
def test_each_wrong_scope_is_named(admin_client: Client, line: str) -> None:
    form = {"name": "Orders", "identifier": "urn:orders", "scopes": f"ok\n{line}"}
    page = admin_client.post(f"{APIS}add/", form).content.decode()
    assert "is not a scope" in page or "is a scope of OpenID Connect" in page
    assert not API.objects.exists()


def test_the_scopes_of_openid_connect_are_known_in_both_places() -> None:
    assert set(scopes.DESCRIPTIONS) == OPENID_SCOPES
