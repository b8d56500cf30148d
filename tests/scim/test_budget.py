"""The statements and the memory of a request do not grow with the number of people, groups or
members."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections.models import GroupMapping, Identity
from azuread_connections.scim import groups
from azuread_connections.scim.models import GroupMember, ProvisionedGroup, ProvisionedPerson
from azuread_connections.scim.models.keys import external_key, text_key
from azuread_connections.scim.models.person import new_id
from tests.company import Company
from tests.login.flows.test_budget import statements
from tests.scim.directory import Provisioning, group, guid, user

pytestmark = pytest.mark.django_db

#: Statements of a request at most, those of the token and the log included.
LIMITS = {"read": 4, "list": 6, "create": 24, "change a person": 24, "change a member": 20}


def counted(send: Callable[[], Any]) -> list[str]:
    with statements() as found:
        response = send()
    assert response.status_code < 300, response.content
    return found


def add_people(directory: Provisioning, number: int) -> list[ProvisionedPerson]:
    def person(n: int) -> ProvisionedPerson:
        name, oid = f"p{n}-{new_id()}@contoso.com", guid()
        return ProvisionedPerson(
            connection=directory.connection,
            user_name=name,
            user_name_key=text_key(name),
            external_id=oid,
            external_id_key=external_key(oid),
        )

    return ProvisionedPerson.objects.bulk_create([person(n) for n in range(number)], 500)


def add_members(directory: Provisioning, team: dict[str, Any], number: int) -> None:
    row = ProvisionedGroup.objects.get(scim_id=team["id"])
    people = add_people(directory, number)
    GroupMember.objects.bulk_create(
        [GroupMember(group=row, value=person.scim_id, person=person) for person in people], 500
    )


def test_a_request_for_people_costs_the_same_with_a_thousand(directory: Provisioning) -> None:
    shown = directory.create(user())
    path = f"Users/{shown['id']}"
    rename = {"op": "Replace", "path": "title", "value": "Clerk"}
    requests: dict[str, Callable[[], Any]] = {
        "read": lambda: directory.get(path),
        "list": lambda: directory.get("Users?startIndex=2&count=200"),
        "create": lambda: directory.post("Users", user(f"{guid()}@contoso.com")),
        "change a person": lambda: directory.patch(path, rename),
    }
    for send in requests.values():
        send()  # the token's last use, and the first of everything that is kept
    few = {name: len(counted(send)) for name, send in requests.items()}
    add_people(directory, 1000)
    many = {name: len(counted(send)) for name, send in requests.items()}
    assert many == few | {"list": few["list"] + 1}, (few, many)  # a full page: all are counted
    assert all(many[name] <= LIMITS[name] for name in many), many


@pytest.mark.slow
def test_one_member_of_fifty_thousand_is_changed_in_as_many_statements_as_of_two(
    directory: Provisioning, contoso: Company
) -> None:
    contoso.connection.security_groups = True
    contoso.connection.save()
    adele = directory.create(user())
    small, large = directory.create(group()), directory.create(group("Everybody"))
    staff = Group.objects.create(name="Staff")
    for team in (small, large):
        GroupMapping.objects.create(
            connection=contoso.connection, directory_group_id=team["externalId"], group=staff
        )
    add_members(directory, small, 2)
    add_members(directory, large, 50_000)
    member = [{"value": adele["id"]}]

    def costs(team: dict[str, Any]) -> tuple[int, ...]:
        path = f"Groups/{team['id']}"
        found = []
        for operation in (
            {"op": "Add", "path": "members", "value": member},
            {"op": "Remove", "path": f'members[value eq "{adele["id"]}"]'},
        ):
            found.append(len(counted(lambda operation=operation: directory.patch(path, operation))))
            assert User.objects.filter(groups=staff).exists() == (operation["op"] == "Add")
        lean = "excludedAttributes=members"
        found.append(len(counted(lambda: directory.get(f"{path}?{lean}"))))
        found.append(len(counted(lambda: directory.get(f"Groups?{lean}"))))
        return tuple(found)

    costs(small)
    assert costs(large) == costs(small)
    assert max(costs(large)) <= LIMITS["change a member"]
    # A group as large as this is not sent back.
    response = directory.patch(
        f"Groups/{large['id']}", {"op": "Add", "path": "members", "value": member}
    )
    assert (response.status_code, response.content) == (204, b"")
    assert len(directory.get(f"Groups/{large['id']}").json()["members"]) == 50_001


def peak(send: Callable[[], Any]) -> int:
    """Return the bytes of Python's objects that a request needs at the same time."""
    gc.collect()
    tracemalloc.start()
    try:
        response = send()
        assert response.status_code < 300, response.content
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_the_memory_of_a_request_does_not_grow_with_people_or_members(
    directory: Provisioning, contoso: Company
) -> None:
    contoso.connection.security_groups = True
    contoso.connection.save()
    adele, team = directory.create(user()), directory.create(group("Everybody"))
    staff = Group.objects.create(name="Staff")
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=team["externalId"], group=staff
    )
    member = [{"value": adele["id"]}]
    path = f"Groups/{team['id']}"
    requests: dict[str, Callable[[], Any]] = {
        "a page": lambda: directory.get("Users?startIndex=500&count=100"),
        "a look-up": lambda: directory.get('Users?filter=userName eq "adele@contoso.com"'),
        "a look-up by address": lambda: directory.get(
            'Users?filter=emails.value eq "adele@contoso.com"'
        ),
        "a new member": lambda: directory.patch(
            path, {"op": "Add", "path": "members", "value": member}
        ),
        "a member less": lambda: directory.patch(
            path, {"op": "Remove", "path": f'members[value eq "{adele["id"]}"]'}
        ),
        "a group": lambda: directory.get(f"{path}?excludedAttributes=members"),
        "groups": lambda: directory.get("Groups?excludedAttributes=members"),
    }
    add_members(directory, team, 1_500)  # more than are sent back after a change
    for send in requests.values():
        send()  # what is kept is made
    few = {name: peak(send) for name, send in requests.items()}
    add_members(directory, team, 13_500)
    many = {name: peak(send) for name, send in requests.items()}
    # 13,500 keys alone would take 500 kB.
    grown = {name: many[name] - few[name] for name in requests if many[name] > few[name] + 100_000}
    assert grown == {}, (few, many)


def test_a_page_of_groups_ends_before_it_has_too_many_members(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_MEMBERS", 5)
    for name in ("One", "Two", "Three"):
        add_members(directory, directory.create(group(name)), 3)
    answer = directory.get("Groups").json()
    assert (answer["totalResults"], answer["itemsPerPage"]) == (3, 1)
    answer = directory.get("Groups?startIndex=2").json()
    assert [each["displayName"] for each in answer["Resources"]] == ["Two"]
    assert directory.get("Groups?excludedAttributes=members").json()["itemsPerPage"] == 3


def test_a_sign_in_costs_one_statement_more(contoso: Company, directory: Provisioning) -> None:
    contoso.sign_in(Client())
    authorize_url = contoso.start(browser := Client())
    callback = contoso.microsoft.sign_in(authorize_url, contoso.person)
    found = counted_sign_in(browser, callback)
    assert len(found) <= 11, found
    assert sum("azuread_scim" in each for each in found) == 1
    assert Identity.objects.count() == 1


def counted_sign_in(browser: Client, address: str) -> list[str]:
    with statements() as found:
        assert browser.get(address).status_code == 302
    return found
