"""App roles give and take Django groups and admission at sign-in, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections.models import (
    Application,
    Connection,
    Event,
    GroupGrant,
    GroupMapping,
    Identity,
)
from azuread_connections.testing import StandIn
from tests.company import Company, error_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    """A company whose connection uses app roles and reads no groups."""
    return Company.create(microsoft, application, app_roles=True)


@pytest.fixture
def both(microsoft: StandIn, application: Application) -> Company:
    """A company whose connection uses app roles and reads groups."""
    company = Company.create(microsoft, application, app_roles=True, security_groups=True)
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return company


@pytest.fixture
def approvers(db: None) -> Group:
    return Group.objects.create(name="approvers")


def map_role(company: Company, role: str, group: Group | None = None, **fields: Any) -> None:
    GroupMapping.objects.create(connection=company.connection, role=role, group=group, **fields)


def groups_after_sign_in(company: Company) -> set[str]:
    response = company.sign_in(Client())
    assert response.status_code == 302, response.content
    return set(User.objects.get().groups.values_list("name", flat=True))


def test_a_role_gives_a_django_group_and_its_removal_takes_it(
    company: Company, approvers: Group
) -> None:
    map_role(company, "Orders.Approve", approvers)
    assert groups_after_sign_in(company) == set()
    company.app.assign_roles(company.person, "Orders.Approve")
    assert groups_after_sign_in(company) == {"approvers"}
    assert GroupGrant.objects.get().group == approvers
    # The token then has no claim `roles` at all.
    company.app.assign_roles(company.person)
    assert groups_after_sign_in(company) == set()
    assert not GroupGrant.objects.exists()
    assert Identity.objects.get().roles == []


def test_no_request_to_graph_is_needed_for_roles(company: Company, approvers: Group) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Approve")
    assert groups_after_sign_in(company) == {"approvers"}
    assert not [each for each in company.microsoft.requests if each.path.startswith("/graph")]


def test_a_role_that_was_renamed_in_azure_gives_nothing_until_the_mapping_follows(
    company: Company, approvers: Group
) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Approve")
    assert groups_after_sign_in(company) == {"approvers"}
    company.app.assign_roles(company.person, "Orders.Sign")
    assert groups_after_sign_in(company) == set()
    mapping = GroupMapping.objects.get()
    mapping.role = "Orders.Sign"
    mapping.save()
    assert groups_after_sign_in(company) == {"approvers"}


def test_a_role_that_no_mapping_knows_gives_nothing(company: Company, approvers: Group) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Read", "approvers")
    assert groups_after_sign_in(company) == set()
    assert Identity.objects.get().roles == ["Orders.Read", "approvers"]
    assert not Event.objects.filter(kind="claims_ignored").exists()


@pytest.mark.parametrize(
    "role", ["orders.approve", "Orders.Approve.All", "Orders", "ORDERS.APPROVE"]
)
def test_roles_are_compared_exactly(company: Company, approvers: Group, role: str) -> None:
    map_role(company, "Orders.Approve", approvers)
    map_role(company, "Enter", admits=True)
    company.app.assign_roles(company.person, role, "Enter")
    assert groups_after_sign_in(company) == set()
    company.app.assign_roles(company.person, "enter")
    assert error_code(company.sign_in(Client())) == "user_refused"


def test_a_role_assigned_to_a_group_reaches_its_direct_members(
    company: Company, approvers: Group
) -> None:
    map_role(company, "Orders.Approve", approvers)
    team = company.directory.add_group("Team", members=[company.person])
    company.app.assign_roles(team, "Orders.Approve")
    assert groups_after_sign_in(company) == {"approvers"}
    company.directory.add_group("Everybody", members=[team])
    team.remove(company.person)
    assert groups_after_sign_in(company) == set()


def test_a_group_that_the_user_had_otherwise_is_no_grant(
    company: Company, approvers: Group
) -> None:
    groups_after_sign_in(company)
    User.objects.get().groups.add(approvers)
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Approve")
    assert groups_after_sign_in(company) == {"approvers"}
    assert not GroupGrant.objects.exists()


def test_deleting_the_mapping_ends_what_it_gave(company: Company, approvers: Group) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Approve")
    groups_after_sign_in(company)
    GroupMapping.objects.get().delete()
    assert not User.objects.get().groups.exists()


def test_all_roles_count_and_a_hundred_are_stored(company: Company, approvers: Group) -> None:
    map_role(company, "Last", approvers)
    company.app.assign_roles(company.person, *(f"Role{number}" for number in range(300)), "Last")
    assert groups_after_sign_in(company) == {"approvers"}
    assert len(Identity.objects.get().roles) == 100


# With the option off


def test_role_mappings_have_no_effect_while_the_option_is_off(
    company: Company, approvers: Group
) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.app.assign_roles(company.person, "Orders.Approve")
    Connection.objects.update(app_roles=False)
    assert groups_after_sign_in(company) == set()
    # Nor where mappings are read, because the connection reads groups.
    Connection.objects.update(security_groups=True)
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    assert groups_after_sign_in(company) == set()
    # Stored all the same: the profile shows them, and so do clients of the provider.
    assert Identity.objects.get().roles == ["Orders.Approve"]


def test_roles_are_no_groups_and_groups_are_no_roles(both: Company, approvers: Group) -> None:
    team = both.directory.add_group("Team", members=[both.person])
    map_role(both, team.object_id, approvers)
    GroupMapping.objects.create(
        connection=both.connection,
        directory_group_id="22223333-cccc-4444-dddd-5555eeee6666",
        group=Group.objects.create(name="readers"),
    )
    both.app.assign_roles(both.person, "22223333-cccc-4444-dddd-5555eeee6666")
    assert groups_after_sign_in(both) == set()


# Groups and roles together


@pytest.mark.parametrize("has_role", [True, False])
@pytest.mark.parametrize("is_member", [True, False])
def test_a_django_group_stays_while_the_group_or_the_role_gives_it(
    both: Company, approvers: Group, has_role: bool, is_member: bool
) -> None:
    team = both.directory.add_group("Team", members=[both.person])
    map_role(both, "Orders.Approve", approvers)
    both.connection.group_mappings.create(directory_group_id=team.object_id, group=approvers)
    both.app.assign_roles(both.person, "Orders.Approve")
    assert groups_after_sign_in(both) == {"approvers"}
    if not has_role:
        both.app.assign_roles(both.person)
    if not is_member:
        team.remove(both.person)
    assert groups_after_sign_in(both) == ({"approvers"} if has_role or is_member else set())


def test_an_incomplete_list_of_groups_leaves_roles_to_decide(
    both: Company, approvers: Group
) -> None:
    by_group, by_both = (Group.objects.create(name=name) for name in ("by group", "by both"))
    team = both.directory.add_group("Team", members=[both.person])
    map_role(both, "Orders.Approve", approvers)
    map_role(both, "Orders.Approve", by_both)
    for group in (by_group, by_both):
        both.connection.group_mappings.create(directory_group_id=team.object_id, group=group)
    both.app.assign_roles(both.person, "Orders.Approve")
    assert groups_after_sign_in(both) == {"approvers", "by group", "by both"}

    both.app.assign_roles(both.person)
    team.remove(both.person)
    both.microsoft.fault("groups", status=503)
    # What the group may give stays; what only the role gave is gone.
    assert groups_after_sign_in(both) == {"by group", "by both"}
    both.microsoft.fault("groups", status=503)
    both.app.assign_roles(both.person, "Orders.Approve")
    User.objects.get().groups.clear()
    assert groups_after_sign_in(both) == {"approvers", "by both"}
    both.app.assign_roles(both.person)
    assert groups_after_sign_in(both) == set()


# Admission


def test_a_role_admits(company: Company) -> None:
    map_role(company, "Enter", admits=True)
    response = company.sign_in(Client())
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert Event.objects.get(kind="sign_in_failed").message.endswith(
        "They have no app role that may sign in."
    )
    assert not User.objects.exists()
    company.app.assign_roles(company.person, "Enter")
    assert company.sign_in(Client()).status_code == 302
    company.app.assign_roles(company.person)
    assert company.sign_in(Client()).status_code == 403


@pytest.mark.parametrize(
    ("is_member", "has_role", "fault", "status"),
    [
        (True, False, False, 302),
        (False, True, False, 302),
        (False, False, False, 403),
        (True, False, True, 503),
        (False, False, True, 503),
        (False, True, True, 302),
    ],
)
def test_a_group_or_a_role_admits(
    both: Company, is_member: bool, has_role: bool, fault: bool, status: int
) -> None:
    team = both.directory.add_group("Team", members=[both.person] if is_member else [])
    both.connection.group_mappings.create(directory_group_id=team.object_id, admits=True)
    map_role(both, "Enter", admits=True)
    if has_role:
        both.app.assign_roles(both.person, "Enter")
    if fault:
        both.microsoft.fault("groups", status=503)
    assert both.sign_in(Client()).status_code == status


def test_an_unknown_list_of_groups_refuses_nobody_where_only_roles_admit(both: Company) -> None:
    map_role(both, "Enter", admits=True)
    both.microsoft.fault("groups", status=503)
    assert both.sign_in(Client()).status_code == 403
    both.app.assign_roles(both.person, "Enter")
    both.microsoft.fault("groups", status=503)
    assert both.sign_in(Client()).status_code == 302


# Odd claims


@pytest.mark.parametrize(
    "sent",
    ["Orders.Approve", {"Orders.Approve": True}, 7, True, [["Orders.Approve"]], [7, None, ""]],
)
def test_roles_of_an_odd_type_are_ignored_with_one_event(
    company: Company, approvers: Group, sent: object
) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.person.claims["roles"] = sent
    assert groups_after_sign_in(company) == set()
    event = Event.objects.get(kind="claims_ignored")
    assert event.connection == company.connection
    assert "“roles”" in event.message
    assert "Orders.Approve" not in event.message


def test_of_a_list_with_an_odd_entry_the_roles_count(company: Company, approvers: Group) -> None:
    map_role(company, "Orders.Approve", approvers)
    company.person.claims["roles"] = ["Orders.Approve", 7, "two words", "x" * 121]
    assert groups_after_sign_in(company) == {"approvers"}
    assert "3 entries" in Event.objects.get(kind="claims_ignored").message


def test_odd_roles_are_no_event_where_roles_are_not_used(company: Company) -> None:
    Connection.objects.update(app_roles=False)
    company.person.claims["roles"] = "Orders.Approve"
    assert groups_after_sign_in(company) == set()
    assert not Event.objects.filter(kind="claims_ignored").exists()
