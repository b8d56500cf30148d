from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim.models import ProvisionedPerson
from tests.admin.pages import text
from tests.factories import IdentityFactory, UserFactory
from tests.scim.directory import Provisioning, user

from .conftest import group_of, person_of
from .test_requests import page_of

pytestmark = pytest.mark.django_db

LIST = "/admin/azuread_scim/provisionedperson/"
OBJECT_ID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


def shown(client: Client, **query: object) -> list[str]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return sorted(row.display_name for row in response.context["cl"].result_list)


def test_people_are_found_and_filtered(boss: Client, connection: Connection) -> None:
    person_of(connection, "adele", external_id=OBJECT_ID)
    person_of(connection, "alex", is_active=False)
    person_of(connection, "megan", deleted_at=timezone.now())
    assert shown(boss, q="adele@") == ["adele"]
    assert shown(boss, q="alex.mail@contoso.com") == ["alex"]
    assert shown(boss, q=f" {OBJECT_ID.upper()} ") == ["adele"]
    assert shown(boss, state="active") == ["adele"]
    assert shown(boss, state="inactive") == ["alex"]
    assert shown(boss, state="deleted") == ["megan"]
    assert shown(boss, state="x") == []


def test_a_person_leads_to_identity_user_groups_and_requests(
    boss: Client, connection: Connection
) -> None:
    user = UserFactory()
    identity = IdentityFactory(user=user, connection=connection)
    person = person_of(connection, "adele", user=user, identity=identity)
    person.attributes = {"title": "<b>Lead</b>"}
    person.save()
    group = group_of(connection, "Sales", person)
    html = boss.get(page_of(person)).content.decode()
    for target in (
        f"/admin/auth/user/{user.pk}/change/",
        f"/admin/azuread_connections/identity/{identity.pk}/change/",
        f"/admin/azuread_scim/provisionedgroup/{group.pk}/change/",
        "provisioningrequest/?connection=",
    ):
        assert target in html
    assert "<b>Lead" not in html


def test_the_requests_about_a_person_include_refused_ones(
    boss: Client, directory: Provisioning
) -> None:
    shown = directory.create(user())
    directory.create(user("megan@contoso.com"))
    directory.patch(f"Users/{shown['id']}", {"op": "add", "path": "active", "value": "maybe"})
    html = boss.get(page_of(ProvisionedPerson.objects.get(scim_id=shown["id"]))).content.decode()
    (address,) = re.findall(r'href="([^"]+provisioningrequest/\?connection=[^"]+)"', html)
    rows = boss.get(unescape(address)).context["cl"].result_list
    assert [(row.method, row.status) for row in rows] == [("PATCH", 400), ("POST", 201)]


def test_the_list_costs_the_same_with_many_people(boss: Client, connection: Connection) -> None:
    person_of(connection, "adele", user=UserFactory())
    boss.get(LIST)
    with CaptureQueriesContext(database) as few:
        boss.get(LIST)
    for number in range(20):
        person_of(connection, f"person{number}", user=UserFactory())
    with CaptureQueriesContext(database) as many:
        boss.get(LIST)
    assert len(many) == len(few)


def test_somebody_without_anything_has_a_page_too(boss: Client, connection: Connection) -> None:
    person = person_of(connection, "adele", external_id=None, external_id_key=None)
    assert "active" in text(boss.get(page_of(person)))
