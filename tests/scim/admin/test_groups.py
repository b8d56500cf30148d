from __future__ import annotations

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Connection
from azuread_connections.scim.models import GroupMember
from tests.admin.pages import text

from .conftest import group_of, person_of
from .test_requests import page_of

pytestmark = pytest.mark.django_db

LIST = "/admin/azuread_scim/provisionedgroup/"


def test_groups_are_listed_with_the_number_of_their_members(
    boss: Client, connection: Connection
) -> None:
    group_of(connection, "Sales", person_of(connection, "adele"), person_of(connection, "alex"))
    group_of(connection, "Empty")
    rows = boss.get(LIST).context["cl"].result_list
    assert {row.display_name: row.number for row in rows} == {"Sales": 2, "Empty": 0}
    rows = boss.get(LIST, {"q": "sal"}).context["cl"].result_list
    assert [row.display_name for row in rows] == ["Sales"]


def test_a_group_shows_its_members_also_one_who_is_not_known_yet(
    boss: Client, connection: Connection
) -> None:
    group = group_of(connection, "Sales", person_of(connection, "adele"))
    GroupMember.objects.create(group=group, value="not-yet-known")
    page = text(boss.get(page_of(group)))
    assert "adele@contoso.com" in page
    assert "not-yet-known" in page


def test_the_list_costs_the_same_with_many_groups(boss: Client, connection: Connection) -> None:
    group_of(connection, "Sales")
    boss.get(LIST)
    with CaptureQueriesContext(database) as few:
        boss.get(LIST)
    for number in range(20):
        group_of(connection, f"Group {number}", person_of(connection, f"person{number}"))
    with CaptureQueriesContext(database) as many:
        boss.get(LIST)
    assert len(many) == len(few)
