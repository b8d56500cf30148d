"""A connection's tokens: shown once, and never again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.models.expiry import day_of
from azuread_connections.scim import tokens
from azuread_connections.scim.models import ScimToken
from tests.admin.pages import change_page, text

pytestmark = pytest.mark.django_db


def add_page(connection: Connection) -> str:
    return reverse("admin:azuread_scim_scimtoken_add_to", args=[connection.pk])


def remove_page(token: ScimToken) -> str:
    return reverse("admin:azuread_scim_scimtoken_remove", args=[token.pk])


def newest() -> str:
    return str(max((token.pk for token in ScimToken.objects.all()), default=0))


def test_a_token_is_shown_once(boss: Client, connection: Connection) -> None:
    assert boss.get(add_page(connection)).status_code == 200
    assert not ScimToken.objects.exists()
    response = boss.post(add_page(connection), {"newest": "0"})
    assert "no-store" in response["Cache-Control"]
    (value,) = re.findall(r'id="azuread-scim-token">([^<]+)<', response.content.decode())
    found = tokens.find(value)
    assert found is not None
    assert (found.connection, found.created_by_name) == (connection, "boss")
    assert "/scim/contoso/v2?aadOptscim062020" in text(response)
    for page in (change_page(connection), add_page(connection), remove_page(found)):
        shown = boss.get(page).content.decode()
        assert value not in shown
        assert value[:11] in shown
    assert value not in LogEntry.objects.get().change_message
    assert value[:11] in LogEntry.objects.get().change_message


def test_loading_the_page_again_creates_no_other(boss: Client, connection: Connection) -> None:
    boss.post(add_page(connection), {"newest": "0"})
    response = boss.post(add_page(connection), {"newest": "0"}, follow=True)
    assert "A token was created meanwhile." in text(response)
    assert ScimToken.objects.count() == 1


def test_a_token_can_have_an_end(boss: Client, connection: Connection) -> None:
    today = day_of(timezone.now())
    refused = boss.post(add_page(connection), {"newest": "0", "expires_at": today.isoformat()})
    assert "Enter a day in the future." in text(refused)
    assert not ScimToken.objects.exists()
    end = today + timedelta(days=90)
    response = boss.post(add_page(connection), {"newest": "0", "expires_at": end.isoformat()})
    assert f"refused from {end.isoformat()}" in text(response)
    stored = ScimToken.objects.get().expires_at
    assert stored is not None
    assert day_of(stored) == end


def test_a_third_token_is_refused_with_advice(boss: Client, connection: Connection) -> None:
    for _number in range(2):
        tokens.create(connection)
    response = boss.post(add_page(connection), {"newest": newest()})
    assert "Remove the one that is no longer used" in text(response)
    assert ScimToken.objects.count() == 2


def test_a_token_is_removed_after_a_question(boss: Client, connection: Connection) -> None:
    token, value = tokens.create(connection)
    assert "the last one that is valid" in text(boss.get(remove_page(token)))
    assert tokens.find(value) is not None
    assert boss.post(remove_page(token)).status_code == 302
    assert tokens.find(value) is None
    assert "SCIM token" in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        ((), 404),
        (("view_connection", "manage_secret"), 403),
        (("view_connection", "change_connection"), 403),
        (("change_connection", "manage_secret"), 200),
        (("add_scimtoken", "delete_scimtoken", "view_scimtoken"), 404),
    ],
)
def test_tokens_need_the_rights_of_credentials(
    staff: Callable[..., Client],
    connection: Connection,
    permissions: tuple[str, ...],
    status: int,
) -> None:
    token, value = tokens.create(connection)
    client = staff(*permissions)
    assert client.get(add_page(connection)).status_code == status
    assert client.get(remove_page(token)).status_code == status
    if status != 200:
        assert client.post(add_page(connection), {"newest": newest()}).status_code == status
        assert client.post(remove_page(token)).status_code == status
        assert tokens.find(value) is not None
        assert ScimToken.objects.count() == 1


def test_a_stranger_is_sent_to_sign_in(client: Client, connection: Connection) -> None:
    token, _value = tokens.create(connection)
    for page in (add_page(connection), remove_page(token)):
        assert client.post(page, {"newest": newest()}).status_code == 302
    assert ScimToken.objects.count() == 1


def test_what_is_not_there_is_not_found(boss: Client, connection: Connection) -> None:
    missing = Connection(pk=connection.pk + 1)
    assert boss.get(add_page(missing)).status_code == 404
    assert boss.get(remove_page(ScimToken(pk=1))).status_code == 404
