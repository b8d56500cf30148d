from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, Connection, Credential, Event, Identity
from tests.admin.conftest import SECRET
from tests.admin.pages import LIST, change_page, text


def add_person(connection: Connection, user: Any, number: int = 0) -> Identity:
    return Identity.objects.create(
        user=user,
        cloud="global",
        tenant_id=connection.tenant_id,
        object_id=f"person-{number}",
        connection=connection,
    )


def test_deleting_asks_first_and_says_who_is_shut_out(
    boss: Client, connection: Connection, django_user_model: Any
) -> None:
    user = django_user_model.objects.get()
    person = add_person(connection, user)
    connection.credentials.create(value=SECRET)
    event = Event.objects.create(
        created_at=timezone.now(),
        kind=Event.Kind.SIGNED_IN,
        connection=connection,
        connection_name=connection.name,
        identity=person,
    )
    url = change_page(connection).replace("/change/", "/delete/")
    page = text(boss.get(url))
    assert "1 person last signed in with it and no longer can." in page
    assert "Applications concerned: Default App." in page
    assert Connection.objects.exists()

    boss.post(url, {"post": "yes"})
    assert not Connection.objects.exists()
    assert not Credential.objects.exists()
    person.refresh_from_db()
    event.refresh_from_db()
    assert person.connection is None
    assert person.user == user
    assert (event.connection, event.connection_name) == (None, "contoso")


def test_deleting_several_at_once_shows_the_warning_too(
    boss: Client, connection: Connection, application: Application, django_user_model: Any
) -> None:
    user = django_user_model.objects.get()
    other = Connection.objects.create(
        name="fabrikam", domain="fabrikam.com", client_id=connection.client_id
    )
    add_person(connection, user, 1)
    add_person(other, user, 2)
    Connection.objects.create(
        name="northwind", domain="northwind.com", client_id=connection.client_id
    )
    chosen = {"action": "delete_selected", "_selected_action": [connection.pk, other.pk]}
    page = text(boss.post(LIST, chosen))
    assert "2 people last signed in with it and no longer can." in page
    assert "Applications concerned: Default App." in page
    boss.post(LIST, chosen | {"post": "yes"})
    assert [c.name for c in Connection.objects.all()] == ["northwind"]
    assert Identity.objects.filter(connection=None).count() == 2


def test_deleting_needs_its_permission(
    staff: Callable[..., Client], connection: Connection
) -> None:
    client = staff("view_connection", "change_connection", "manage_secret")
    url = change_page(connection).replace("/change/", "/delete/")
    assert client.post(url, {"post": "yes"}).status_code == 403
    client.post(
        LIST,
        {"action": "delete_selected", "_selected_action": [connection.pk], "post": "yes"},
    )
    assert Connection.objects.exists()


def test_a_strange_address_is_not_an_error(boss: Client, connection: Connection) -> None:
    for key in ("nonsense", "999999", "_31"):
        response = boss.get(f"/admin/azuread_connections/connection/{key}/delete/")
        assert response.status_code == 302
