from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from azuread_connections.models import Connection
from azuread_connections.scim.models import (
    ProvisionedGroup,
    ProvisionedPerson,
    ProvisioningRequest,
)
from tests.admin.pages import text
from tests.factories import ConnectionFactory

from .conftest import group_of, person_of, request_of

pytestmark = pytest.mark.django_db

LIST = "/admin/azuread_scim/provisioningrequest/"
MODELS = (ProvisioningRequest, ProvisionedPerson, ProvisionedGroup)


def page_of(row: Any) -> str:
    return reverse(f"admin:azuread_scim_{row._meta.model_name}_change", args=[row.pk])


def shown(client: Client, **query: object) -> list[str]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return [row.subject for row in response.context["cl"].result_list]


def test_the_log_is_filtered_and_searched(boss: Client, connection: Connection) -> None:
    request_of(connection, subject="adele")
    request_of(connection, subject="alex", method="PATCH", path="Users/7", status=409)
    request_of(ConnectionFactory(name="fabrikam"), subject="diego", status=500)
    request_of(connection, subject="megan", status=400, scim_type="invalidPath")
    assert shown(boss) == ["megan", "diego", "alex", "adele"]
    assert shown(boss, connection=connection.pk) == ["megan", "alex", "adele"]
    assert shown(boss, method="PATCH") == ["alex"]
    assert shown(boss, status="4") == ["megan", "alex"]
    assert shown(boss, status="5") == ["diego"]
    assert shown(boss, scim_type="invalidPath") == ["megan"]
    assert shown(boss, q="adel") == ["adele"]
    assert shown(boss, q="Users/7") == ["alex"]
    for odd in ({"status": "x"}, {"method": "\x00"}, {"scim_type": "9"}, {"connection": "x"}):
        assert shown(boss, **odd) == []


def test_the_list_costs_the_same_with_many_rows(boss: Client, connection: Connection) -> None:
    request_of(connection)
    boss.get(LIST)
    with CaptureQueriesContext(database) as few:
        boss.get(LIST)
    for _number in range(30):
        request_of(connection)
    with CaptureQueriesContext(database) as many:
        boss.get(LIST)
    assert len(many) == len(few)
    assert not [query for query in many if "response_body" in query["sql"]]


def test_an_entry_shows_what_entra_saw_escaped(boss: Client, connection: Connection) -> None:
    row = request_of(
        connection,
        request_body='{\n  "userName": "<script>alert(1)</script>"\n}',
        response_body='{\n  "detail": "no <b>"\n}',
        status=400,
        scim_type="invalidValue",
        detail="userName: <i>",
    )
    html = boss.get(page_of(row)).content.decode()
    assert "What Entra received" in html
    assert "&lt;script&gt;alert(1)" in html
    for raw in ("<script>alert", "no <b>", "userName: <i>"):
        assert raw not in html
    assert "400 Bad Request invalidValue" in html


def test_an_unknown_status_is_shown_as_it_is(boss: Client, connection: Connection) -> None:
    assert "299" in text(boss.get(page_of(request_of(connection, status=299))))


@pytest.mark.parametrize("model", MODELS)
def test_nobody_changes_what_a_directory_has_sent(
    boss: Client, connection: Connection, model: Any
) -> None:
    rows = {
        ProvisioningRequest: request_of(connection),
        ProvisionedPerson: person_of(connection, "adele"),
        ProvisionedGroup: group_of(connection, "Sales"),
    }
    page = page_of(rows[model])
    assert boss.get(page).status_code == 200
    assert boss.post(page, {"user_name": "x"}).status_code == 403
    assert boss.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert boss.get(f"/admin/azuread_scim/{model._meta.model_name}/add/").status_code == 403
    assert model.objects.count() == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("with_model", "with_connection", "status"),
    [(True, True, 200), (True, False, 403), (False, True, 403)],
)
def test_looking_needs_the_view_permission_on_the_connection_too(
    staff: Callable[..., Client],
    connection: Connection,
    model: Any,
    with_model: bool,
    with_connection: bool,
    status: int,
) -> None:
    row = {
        ProvisioningRequest: request_of,
        ProvisionedPerson: lambda each: person_of(each, "adele"),
        ProvisionedGroup: lambda each: group_of(each, "Sales"),
    }[model](connection)
    permissions = [f"view_{model._meta.model_name}"] if with_model else []
    client = staff(*permissions, *(["view_connection"] if with_connection else []))
    assert client.get(page_of(row)).status_code == status
    assert client.get(f"/admin/azuread_scim/{model._meta.model_name}/").status_code == status


def test_rows_of_a_connection_that_the_user_may_not_see_are_hidden(
    boss: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = ConnectionFactory(name="fabrikam")
    rows = [request_of(hidden, subject="diego"), person_of(hidden, "diego"), group_of(hidden, "X")]
    page = admin.site.get_model_admin(Connection)
    every = type(page).get_queryset
    monkeypatch.setattr(
        type(page), "get_queryset", lambda self, request: every(self, request).exclude(pk=hidden.pk)
    )
    assert shown(boss) == []
    for row in rows:
        assert boss.get(page_of(row)).status_code == 302
        listed = boss.get(f"/admin/azuread_scim/{row._meta.model_name}/")
        assert list(listed.context["cl"].result_list) == []
