"""An application stops being a client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.models import OAuthClient
from tests.admin.pages import text
from tests.factories import ApplicationFactory
from tests.provider.admin.pages import APPLICATIONS, page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def test_the_application_stays(admin_client: Client, portal: RelyingParty) -> None:
    address = page_of(portal.application, "remove-client")
    assert address in admin_client.get(page_of(portal.application)).content.decode()
    assert "its client ID, client secrets" in text(admin_client.get(address))
    assert OAuthClient.objects.exists()
    page = text(admin_client.post(address, follow=True))
    assert f"“{portal.application.name}” is no longer an OAuth client." in page
    assert Application.objects.filter(pk=portal.application.pk).exists()
    assert portal.token(grant_type="client_credentials").status_code == 401
    history = text(admin_client.get(page_of(portal.application, "history")))
    assert f"Deleted OAuth client “{portal.client_id}”" in history


def test_it_needs_a_permission_of_its_own(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    address = page_of(portal.application, "remove-client")
    client = staff("change_application", "change_oauthclient")
    assert client.post(address).status_code == 403
    client = staff("change_application", "view_oauthclient", "delete_oauthclient")
    assert client.post(address).status_code == 302


def test_deleting_the_application_ends_the_client(
    admin_client: Client, portal: RelyingParty
) -> None:
    path = page_of(portal.application, "delete")
    assert admin_client.get(path).status_code == 200
    assert admin_client.post(path, {"post": "yes"})["Location"] == APPLICATIONS
    assert portal.token(grant_type="client_credentials").status_code == 401


def test_deleting_a_clients_application_needs_the_permission_for_clients(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    plain = ApplicationFactory.create()
    client = staff("view_application", "delete_application")
    chosen = {
        "action": "delete_selected",
        "post": "yes",
        "_selected_action": [portal.application.pk],
    }
    assert client.post(page_of(portal.application, "delete"), {"post": "yes"}).status_code == 403
    assert client.post(APPLICATIONS, chosen).status_code == 403
    assert OAuthClient.objects.exists()
    assert client.post(page_of(plain, "delete"), {"post": "yes"}).status_code == 302
    client = staff("view_application", "delete_application", "delete_oauthclient")
    assert client.post(APPLICATIONS, chosen).status_code == 302
    assert not OAuthClient.objects.exists()
