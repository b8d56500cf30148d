"""A site's own admin page may give somebody rights to a few connections only, as Django allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from azuread_connections.admin import ConnectionAdmin
from azuread_connections.models import Application, Connection, Directory, Revocation
from tests.factories import ConnectionFactory

from .pages import change_page

pytestmark = pytest.mark.django_db
DIRECTORIES = "/admin/azuread_connections/directory/"


@pytest.fixture
def fabrikam(db: None) -> Connection:
    return ConnectionFactory.create(
        name="fabrikam", domain="fabrikam.com", tenant_id="bbbbcccc-0000-dddd-1111-eeee2222ffff"
    )


@pytest.fixture
def client(
    connection: Connection,
    fabrikam: Connection,
    staff: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """A staff member who may see every connection, and change Contoso's only."""

    def only_contoso(self: Any, request: Any, obj: Any = None) -> bool:
        return obj is None or obj.pk == connection.pk

    monkeypatch.setattr(ConnectionAdmin, "has_change_permission", only_contoso)
    return staff("view_connection", "change_connection", "change_application")


def page_of(connection: Connection, name: str) -> str:
    return reverse(f"admin:azuread_connections_connection_{name}", args=[connection.pk])


def test_signing_out_everyone(client: Client, connection: Connection, fabrikam: Connection) -> None:
    assert client.post(page_of(fabrikam, "sign_out")).status_code == 403
    assert not Revocation.objects.exists()
    assert client.post(page_of(connection, "sign_out")).status_code == 302


def test_deciding_on_the_connections_page(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    for each, status in ((fabrikam, 403), (connection, 302)):
        directory = Directory.objects.get(connection=each)
        page = page_of(each, "directories")
        assert client.post(page, {"refuse": str(directory.pk)}).status_code == status
    refused = Directory.objects.get(status=Directory.Status.REFUSED)
    assert refused.connection == connection


def test_deciding_in_the_list_of_directories(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    keys = list(Directory.objects.values_list("pk", flat=True))
    assert (
        client.post(DIRECTORIES, {"action": "refuse", "_selected_action": keys}).status_code == 403
    )
    assert not Directory.objects.filter(status=Directory.Status.REFUSED).exists()


def test_a_directorys_own_page(client: Client, fabrikam: Connection) -> None:
    directory = Directory.objects.get(connection=fabrikam)
    page = f"{DIRECTORIES}{directory.pk}/change/"
    assert client.post(page, {"domain": "x.com", "status": "refused"}).status_code == 403


def test_no_button_is_offered_that_would_be_refused(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    buttons = (page_of(fabrikam, "sign_out"), 'form="azuread-decide"')
    html = client.get(change_page(fabrikam)).content.decode()
    assert not [button for button in buttons if button in html]
    html = client.get(change_page(connection)).content.decode()
    assert page_of(connection, "sign_out") in html


def test_enabling_on_an_applications_page(
    client: Client, connection: Connection, fabrikam: Connection, application: Application
) -> None:
    page = f"/admin/azuread_connections/application/{application.pk}/change/"
    data = {
        "name": application.name,
        "application_type": application.application_type,
        "grant_types": application.grant_types,
    }
    for chosen, status in (([connection, fabrikam], 403), ([connection], 302), ([], 302)):
        keys = [each.pk for each in chosen]
        assert client.post(page, data | {"enabled_connections": keys}).status_code == status
    application.connections.set([fabrikam])
    assert client.post(page, data).status_code == 403
    assert list(application.connections.all()) == [fabrikam]
