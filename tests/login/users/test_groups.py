"""Extended profile and groups from Graph, and the effects of membership."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections.models import Application, Connection, Directory, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, error_code, query_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    company = Company.create(
        microsoft, application, extended_profile=True, security_groups=True, nested_groups=True
    )
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return company


@pytest.fixture
def staff(db: None) -> Group:
    return Group.objects.create(name="staff")


def graph_requests(company: Company) -> list[Any]:
    return [each for each in company.microsoft.requests if each.path.startswith("/graph")]


def test_nested_groups_come_only_with_their_switch(company: Company, client: Client) -> None:
    team = company.directory.add_group("Team", members=[company.person])
    company.directory.add_group("Everybody", members=[team])
    company.sign_in(client)
    names = [group["name"] for group in client.get("/login/profile").json()["groups"]]
    assert names == ["Everybody", "Team"]
    Connection.objects.update(nested_groups=False)
    company.sign_in(client)
    names = [group["name"] for group in client.get("/login/profile").json()["groups"]]
    assert names == ["Team"]


@pytest.mark.parametrize(("number", "nested", "requests"), [(230, 40, 3), (1900, 0, 4)])
def test_all_groups_of_a_person_count_in_as_few_requests_as_pages(
    company: Company, client: Client, number: int, nested: int, requests: int
) -> None:
    direct = [
        company.directory.add_group(f"Group {index}", members=[company.person])
        for index in range(number - nested)
    ]
    above = [
        company.directory.add_group(f"Above {index}", members=[direct[index]])
        for index in range(nested)
    ]
    mapped = [Group.objects.create(name=f"mapped {index}") for index in range(3)]
    for group, theirs in zip(mapped, [direct[0], direct[-1], (above or direct)[-1]], strict=True):
        company.connection.group_mappings.create(directory_group_id=theirs.object_id, group=group)
    company.sign_in(client)  # warm: the keys are known from here on
    User.objects.get().groups.clear()
    url = company.start(browser := Client())
    callback_url = company.microsoft.sign_in(url, company.person)
    before = company.microsoft.count()

    assert browser.get(callback_url).status_code == 302

    assert company.microsoft.count() - before == requests
    assert set(User.objects.get().groups.all()) == set(mapped)
    assert len(Identity.objects.get().groups) == min(number, company.connection.max_groups)


def test_an_overage_in_the_token_is_solved_through_graph(company: Company, client: Client) -> None:
    company.app.group_membership_claims = "All"
    for index in range(250):
        company.directory.add_group(f"Group {index}", members=[company.person])
    company.sign_in(client)
    assert len(Identity.objects.get().groups) == 250


def test_the_cap_limits_what_is_kept_not_what_counts(
    company: Company, client: Client, staff: Group
) -> None:
    for index in range(5):
        last = company.directory.add_group(f"Group {index}", members=[company.person])
    Connection.objects.update(max_groups=2)
    company.connection.group_mappings.create(directory_group_id=last.object_id, group=staff)
    company.sign_in(client)
    assert len(Identity.objects.get().groups) == 2
    assert staff in User.objects.get().groups.all()


def test_the_consistency_header_is_on_every_page(company: Company, client: Client) -> None:
    for index in range(1001):
        company.directory.add_group(f"Group {index}", members=[company.person])
    company.sign_in(client)
    pages = [each for each in graph_requests(company) if "emberOf" in each.path]
    assert len(pages) == 2
    assert [page.headers.get("ConsistencyLevel") for page in pages] == ["eventual"] * 2


# Mapping


def test_a_mapping_adds_and_removes_only_what_it_manages(
    company: Company, client: Client, staff: Group
) -> None:
    sales = company.directory.add_group("Sales", members=[company.person])
    company.connection.group_mappings.create(directory_group_id=sales.object_id, group=staff)
    company.sign_in(client)
    user = User.objects.get()
    own = Group.objects.create(name="given by hand")
    user.groups.add(own)
    assert set(user.groups.all()) == {staff, own}
    sales.remove(company.person)
    company.sign_in(Client())
    assert set(user.groups.all()) == {own}


def test_two_directory_groups_may_earn_the_same_group(
    company: Company, client: Client, staff: Group
) -> None:
    sales = company.directory.add_group("Sales", members=[company.person])
    other = company.directory.add_group("Other")
    for theirs in (sales, other):
        company.connection.group_mappings.create(directory_group_id=theirs.object_id, group=staff)
    company.sign_in(client)
    assert staff in User.objects.get().groups.all()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 403, "body": "{}", "content_type": "application/json"},
        {"status": 200, "body": "{}", "content_type": "application/json"},
        {"status": 200, "body": '{"value": [{"id": "x"}]}', "content_type": "application/json"},
        {"close": True},
    ],
)
def test_an_incomplete_list_changes_nobodys_rights(
    company: Company, client: Client, staff: Group, fault: dict[str, Any]
) -> None:
    sales = company.directory.add_group("Sales", members=[company.person])
    company.connection.group_mappings.create(directory_group_id=sales.object_id, group=staff)
    company.sign_in(client)
    sales.remove(company.person)
    company.microsoft.fault("groups", **fault)
    assert company.sign_in(Client()).status_code == 302
    assert staff in User.objects.get().groups.all()
    assert [group["name"] for group in Identity.objects.get().groups] == ["Sales"]
    assert Event.objects.get(kind="groups_incomplete").message


@pytest.mark.parametrize("where", ["foreign", "itself"])
def test_a_list_with_a_next_page_elsewhere_or_in_a_loop_is_not_used(
    company: Company, client: Client, staff: Group, where: str
) -> None:
    sales = company.directory.add_group("Sales", members=[company.person])
    company.connection.group_mappings.create(directory_group_id=sales.object_id, group=staff)
    company.sign_in(client)
    page = graph_requests(company)[-1]
    link = "https://graph.example.net/v1.0/me/memberOf?token" if where == "foreign" else ""
    link = link or f"{company.microsoft.url}{page.path}?$skiptoken=x"
    body = json.dumps({"value": [], "@odata.nextLink": link})
    company.microsoft.fault("groups", times=None, status=200, body=body)
    assert company.sign_in(Client()).status_code == 302
    assert staff in User.objects.get().groups.all()
    assert Event.objects.filter(kind="groups_incomplete").exists()


# Admission


def test_only_members_may_sign_in_where_a_group_admits(company: Company, client: Client) -> None:
    sales = company.directory.add_group("Sales")
    company.connection.group_mappings.create(directory_group_id=sales.object_id, admits=True)
    response = company.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert not User.objects.exists()
    sales.add(company.person)
    assert company.sign_in(client).status_code == 302
    sales.remove(company.person)
    assert company.sign_in(Client()).status_code == 403


def test_admission_that_cannot_be_decided_is_refused_for_now(
    company: Company, client: Client
) -> None:
    sales = company.directory.add_group("Sales", members=[company.person])
    company.connection.group_mappings.create(directory_group_id=sales.object_id, admits=True)
    company.sign_in(client)
    company.microsoft.fault("groups", status=503)
    response = company.sign_in(Client())
    assert (response.status_code, error_code(response)) == (503, "microsoft_unreachable")


# Permissions


def test_granted_permissions_are_noted_once(company: Company, client: Client) -> None:
    company.sign_in(client)
    row = Directory.objects.get()
    assert row.delegated_scopes == "GroupMember.Read.All User.Read"
    since = row.delegated_since
    company.sign_in(Client())
    assert Directory.objects.get().delegated_since == since


def test_only_the_permissions_that_the_options_need_are_requested(
    company: Company, client: Client
) -> None:
    assert query_of(company.start(client))["scope"] == (
        "openid profile email https://graph.microsoft.com/User.Read "
        "https://graph.microsoft.com/GroupMember.Read.All"
    )
    Connection.objects.update(security_groups=False)
    assert query_of(company.start(client))["scope"] == (
        "openid profile email https://graph.microsoft.com/User.Read"
    )
