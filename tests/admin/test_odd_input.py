"""Numbers and letters in addresses and forms that none of our pages produces."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application, Connection, Directory, Event
from azuread_connections.testing import StandIn
from tests.admin.pages import ADD, change_page, field_errors, filled_in

pytestmark = pytest.mark.django_db
ADMIN = "/admin/azuread_connections/"
#: Longer than a database's integer; longer than Python converts.
NUMBERS = pytest.mark.parametrize("number", ["9" * 30, "9" * 5000], ids=["30", "5000"])


@NUMBERS
@pytest.mark.parametrize(
    "page",
    [
        "event/?connection=",
        "event/?application=",
        "directory/?connection=",
        "identity/?connection=",
        "connection/?applications__id__exact=",
    ],
)
def test_filters(boss: Client, connection: Connection, page: str, number: str) -> None:
    assert boss.get(f"{ADMIN}{page}{number}").status_code in {200, 302}


@pytest.mark.parametrize("code", ["%00", "no_such_code", ""])
def test_a_code_that_there_is_not(boss: Client, connection: Connection, code: str) -> None:
    Event.objects.create(created_at=connection.created_at, kind=Event.Kind.SIGNED_IN)
    response = boss.get(f"{ADMIN}event/?code={code}")
    assert list(response.context["cl"].result_list) == []


@NUMBERS
def test_deleting_what_is_not_there(boss: Client, connection: Connection, number: str) -> None:
    assert boss.get(f"{ADMIN}connection/{number}/delete/").status_code == 302


@NUMBERS
@pytest.mark.parametrize("word", ["approve", "refuse"])
def test_deciding(boss: Client, connection: Connection, word: str, number: str) -> None:
    page = f"{ADMIN}connection/{connection.pk}/directories/"
    assert boss.post(page, {word: number}).status_code == 302
    assert Directory.objects.get().status == Directory.Status.ALLOWED


@NUMBERS
@pytest.mark.parametrize("boxes", [True, False], ids=["check boxes", "search field"])
def test_choosing_an_application_that_does_not_exist(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    number: str,
    boxes: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not boxes:
        monkeypatch.setattr("azuread_connections.admin.widgets.choices.MOST_CHECKBOXES", 0)
    data = filled_in(connection, enabled_applications=[number])
    errors = field_errors(boss.post(change_page(connection), data))
    assert list(errors) == ["enabled_applications"]
    errors = field_errors(boss.post(ADD, filled_in(name="x", enabled_applications=[number])))
    assert list(errors) == ["enabled_applications"]


@NUMBERS
def test_choosing_a_connection_that_does_not_exist(
    boss: Client, application: Application, number: str
) -> None:
    page = f"{ADMIN}application/{application.pk}/change/"
    assert "enabled_connections" in field_errors(boss.post(page, {"enabled_connections": [number]}))
