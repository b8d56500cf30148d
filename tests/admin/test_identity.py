from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import Connection, Identity

from .pages import text

LIST = "/admin/azuread_connections/identity/"
OBJECT_ID = "00001111-aaaa-2222-bbbb-3333cccc4444"


def make(connection: Connection, user: Any, number: int = 0, **values: Any) -> Identity:
    return Identity.objects.create(
        **{
            "user": user,
            "cloud": "global",
            "tenant_id": connection.tenant_id,
            "object_id": f"{OBJECT_ID[:-3]}{number:03}",
            "connection": connection,
            "login_name": f"megan{number}@contoso.com",
            "profile": {"name": "Megan <b>Bowen</b>"},
            "last_sign_in_at": timezone.now(),
        }
        | values
    )


@pytest.fixture
def user(boss: Client, django_user_model: Any) -> Any:
    return django_user_model.objects.get()


def test_a_person_is_shown_and_cannot_be_edited(
    boss: Client, connection: Connection, user: Any
) -> None:
    identity = make(connection, user)
    url = f"{LIST}{identity.pk}/change/"
    response = boss.get(url)
    page = text(response)
    for words in ("megan0@contoso.com", "boss", "contoso", identity.object_id, "Bowen"):
        assert words in page
    assert b"<b>Bowen" not in response.content
    assert b'name="_save"' not in response.content
    assert boss.post(url, {"login_name": "other"}).status_code == 403
    assert boss.get(f"{LIST}add/").status_code == 403


def test_deleting_unties_the_person_and_keeps_the_user(
    boss: Client, connection: Connection, user: Any, django_user_model: Any
) -> None:
    identity = make(connection, user)
    boss.post(f"{LIST}{identity.pk}/delete/", {"post": "yes"})
    assert not Identity.objects.exists()
    assert django_user_model.objects.filter(pk=user.pk).exists()


def test_deleting_needs_its_permission(
    staff: Callable[..., Client], connection: Connection, boss: Client, user: Any
) -> None:
    identity = make(connection, user)
    client = staff("view_identity")
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}{identity.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Identity.objects.exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=megan1", [1]),
        (f"q={OBJECT_ID[:-3].upper()}002", [2]),
        ("q=AAAABBBB-0000-CCCC-1111-DDDD2222EEEE", [0, 1, 2]),
        ("q=nobody", []),
        ("connection=999", []),
        ("connection=nonsense", []),
    ],
)
def test_searching(
    boss: Client, connection: Connection, user: Any, query: str, found: list[int]
) -> None:
    identities = [make(connection, user, number) for number in range(3)]
    rows = boss.get(f"{LIST}?{query}").context["cl"].result_list
    assert {row.pk for row in rows} == {identities[number].pk for number in found}


def test_filtering_by_connection(boss: Client, connection: Connection, user: Any) -> None:
    make(connection, user, 1)
    make(connection, user, 2)
    Identity.objects.filter(login_name="megan2@contoso.com").update(connection=None)
    rows = boss.get(f"{LIST}?connection={connection.pk}").context["cl"].result_list
    assert [row.login_name for row in rows] == ["megan1@contoso.com"]


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, connection: Connection, django_user_model: Any, rows: int
) -> None:
    for number in range(rows):
        make(connection, django_user_model.objects.create_user(f"user{number}"), number)
    with CaptureQueriesContext(database) as queries:
        assert len(boss.get(LIST).context["cl"].result_list) == rows
    # Session, user, the filter's connections, count, rows.
    assert len(queries) == 5
