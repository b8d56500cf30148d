"""The section *Provisioning* on a connection's page, and the step of the checklist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import recent, tokens
from azuread_connections.scim.checklist_step import provisioning_step
from azuread_connections.scim.models import ScimToken
from tests.admin.pages import change_page, text

from .conftest import group_of, person_of, request_of

pytestmark = pytest.mark.django_db


def test_the_section_shows_what_entra_needs(boss: Client, connection: Connection) -> None:
    page = text(boss.get(change_page(connection)))
    assert "http://testserver/scim/contoso/v2" in page
    assert "objectId to externalId" in page
    assert "aadOptscim062020" in page
    assert "None yet: without a token, every request of the directory is refused." in page


def test_the_section_shows_tokens_and_what_was_sent(boss: Client, connection: Connection) -> None:
    soon = timezone.now() + timedelta(days=5)
    tokens.create(connection, expires_at=soon)
    tokens.create(connection)
    adele = person_of(connection, "adele")
    person_of(connection, "alex", deleted_at=timezone.now())
    group_of(connection, "Sales", adele)
    request_of(connection, status=400, detail="userName is missing.")
    request_of(connection)
    page = text(boss.get(change_page(connection)))
    for words in ("expires soon", "1 person", "1 group", "userName is missing.", "at most two"):
        assert words in page
    assert "Last cycle" in page
    assert "Requests: 2; refused: 1" in page
    assert "People created: 1; changed: 0; deactivated or deleted: 0" in page
    assert "it began earlier" not in page
    assert "Create a token" not in page


def test_the_section_says_where_a_long_cycle_is_not_counted_whole(
    boss: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_MOST_COUNTED", 1)
    tokens.create(connection)
    for _ in range(2):
        request_of(connection)
    page = text(boss.get(change_page(connection)))
    assert "it began earlier" in page
    assert "Requests: 1; refused: 0" in page


def test_somebody_who_may_only_look_sees_no_buttons(
    staff: Callable[..., Client], connection: Connection
) -> None:
    tokens.create(connection)
    request_of(connection, status=400, detail="userName is missing.")
    response = staff("view_connection").get(change_page(connection))
    page = text(response)
    assert "azscim_" in page
    assert "Remove the token" not in response.content.decode()
    for words in ("Create a token", "Request log", "userName is missing.", "Last cycle"):
        assert words not in page


def test_the_section_costs_the_same_with_many_rows(
    boss: Client, connection: Connection, django_assert_num_queries: object
) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    tokens.create(connection)
    request_of(connection)
    boss.get(change_page(connection))
    with CaptureQueriesContext(database) as few:
        boss.get(change_page(connection))
    for number in range(20):
        group_of(connection, f"Group {number}", person_of(connection, f"person{number}"))
        request_of(connection)
    with CaptureQueriesContext(database) as many:
        boss.get(change_page(connection))
    assert len(many) == len(few)


def test_a_connection_without_a_token_has_no_step(connection: Connection) -> None:
    assert provisioning_step(connection) is None


def state(connection: Connection) -> str:
    item = provisioning_step(connection)
    assert item is not None
    return item.state


def test_the_step_follows_tokens_and_requests(connection: Connection) -> None:
    tokens.create(connection)
    assert state(connection) == "todo"
    request_of(connection)
    assert state(connection) == "done"
    request_of(connection, method="GET", status=404)
    assert state(connection) == "done"
    request_of(connection, status=409, detail="taken")
    assert state(connection) == "warning"
    ScimToken.objects.update(expires_at=timezone.now())
    assert state(connection) == "lacking"


def test_the_step_leads_to_the_section(boss: Client, connection: Connection) -> None:
    tokens.create(connection)
    page = boss.get(change_page(connection)).content.decode()
    assert 'data-step="provisioning"' in page
    assert 'href="#azuread-provisioning"' in page
    assert 'id="azuread-provisioning"' in page
