"""The groups that mappings gave end with the identity that gave them, and no others do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models.signals import m2m_changed
from django.test import Client

from azuread_connections.models import (
    Application,
    Connection,
    Directory,
    GroupGrant,
    GroupMapping,
    Identity,
)
from azuread_connections.models import grant as grant_module
from azuread_connections.testing import StandIn, next_address
from azuread_connections.testing.directory.directories import Group as TheirGroup
from tests.company import Company
from tests.factories import (
    ConnectionFactory,
    EnabledConnectionFactory,
    IdentityFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PAGE = "/login/profile/accounts"


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    company = Company.create(microsoft, application, security_groups=True)
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return company


@pytest.fixture
def staff(db: None) -> Group:
    return Group.objects.create(name="staff")


@pytest.fixture
def sales(company: Company, staff: Group) -> TheirGroup:
    """A directory's group with the person in it, mapped to the Django group."""
    sales = company.directory.add_group("Sales", members=[company.person])
    company.connection.group_mappings.create(directory_group_id=sales.object_id, group=staff)
    return sales


@pytest.fixture
def tied(company: Company, sales: TheirGroup, client: Client) -> Identity:
    """The person, signed in, whose user is in the group by the mapping."""
    assert company.sign_in(client).status_code == 302
    identity = Identity.objects.get()
    assert groups_of(identity.user) == {"staff"}
    return identity


def groups_of(user: Any) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


# --- How a mapping's groups end -------------------------------------------------------------------


def untie(identity: Identity) -> None:
    identity.delete()


def untie_in_bulk(identity: Identity) -> None:
    Identity.objects.all().delete()


def untie_by_the_user(identity: Identity) -> None:
    identity.user.azuread_identities.all().delete()  # type: ignore[attr-defined]


def tie_to_another(identity: Identity) -> None:
    identity.user = UserFactory.create()
    identity.save(update_fields=["user"])


def tie_to_another_with_all_columns(identity: Identity) -> None:
    identity.user = UserFactory.create()
    identity.save()


def delete_the_connection(identity: Identity) -> None:
    Connection.objects.get().delete()


def delete_connections_in_bulk(identity: Identity) -> None:
    Connection.objects.all().delete()


def refuse_the_directory(identity: Identity) -> None:
    Directory.objects.get().decide(Directory.Status.REFUSED)


def delete_the_mapping(identity: Identity) -> None:
    GroupMapping.objects.get().delete()


def delete_mappings_in_bulk(identity: Identity) -> None:
    Connection.objects.get().group_mappings.all().delete()


def map_to_another_group(identity: Identity) -> None:
    mapping = GroupMapping.objects.get()
    mapping.group = Group.objects.create(name="another")
    mapping.save()


ENDS = [
    untie,
    untie_in_bulk,
    untie_by_the_user,
    tie_to_another,
    tie_to_another_with_all_columns,
    delete_the_connection,
    delete_connections_in_bulk,
    refuse_the_directory,
    delete_the_mapping,
    delete_mappings_in_bulk,
    map_to_another_group,
]


@pytest.mark.parametrize("end", ENDS)
def test_what_a_mapping_gave_ends_with_the_tie(
    tied: Identity, end: Callable[[Identity], None]
) -> None:
    user = User.objects.get(pk=tied.user_id)
    user.groups.add(Group.objects.create(name="by hand"))
    end(tied)
    assert groups_of(user) == {"by hand"}
    assert not GroupGrant.objects.exists()


@pytest.mark.parametrize("end", ENDS)
def test_a_group_that_the_user_had_before_stays(
    company: Company,
    sales: TheirGroup,
    staff: Group,
    client: Client,
    end: Callable[[Identity], None],
) -> None:
    Connection.objects.update(security_groups=False)
    company.sign_in(client)
    user = User.objects.get()
    user.groups.add(staff)
    Connection.objects.update(security_groups=True)
    company.sign_in(Client())
    assert not GroupGrant.objects.exists()
    end(Identity.objects.get())
    assert groups_of(user) == {"staff"}


@pytest.mark.parametrize("end", [untie, untie_in_bulk, delete_the_connection, tie_to_another])
def test_a_group_that_another_tie_earns_stays_until_that_ends_too(
    company: Company,
    fabrikam: Company,
    tied: Identity,
    staff: Group,
    client: Client,
    end: Callable[[Identity], None],
) -> None:
    user = tied.user
    fabrikam.connection.security_groups = True
    fabrikam.connection.save()
    fabrikam.app.grant(fabrikam.directory, delegated=["User.Read", "GroupMember.Read.All"])
    theirs = fabrikam.directory.add_group("Theirs", members=[fabrikam.person])
    fabrikam.connection.group_mappings.create(directory_group_id=theirs.object_id, group=staff)
    url = next_address(client.post(PAGE, {"connect": "fabrikam"}))
    assert fabrikam.come_back(client, url)["Location"] == PAGE
    other = user.azuread_identities.exclude(pk=tied.pk).get()
    assert groups_of(user) == {"staff"}
    if end is untie_in_bulk:
        Identity.objects.filter(pk=tied.pk).delete()
    elif end is delete_the_connection:
        company.connection.delete()
    else:
        end(tied)
    assert groups_of(user) == {"staff"}
    other.delete()
    assert groups_of(user) == set()


def test_two_ties_that_end_at_once_keep_nothing_for_each_other(
    tied: Identity, staff: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = IdentityFactory.create(user=tied.user)
    GroupGrant.objects.create(identity=other, connection=tied.connection, group=staff)
    monkeypatch.setattr(grant_module, "_BATCH", 1)
    Identity.objects.all().delete()
    assert groups_of(tied.user) == set()


def test_another_connection_to_the_same_directory_earns_too(
    company: Company, tied: Identity, sales: TheirGroup, staff: Group, application: Application
) -> None:
    second = ConnectionFactory.create(name="second", tenant_id=company.directory.tenant_id)
    EnabledConnectionFactory.create(application=application, connection=second)
    second.group_mappings.create(directory_group_id=sales.object_id, group=staff)
    GroupGrant.objects.create(identity=tied, connection=second, group=staff)
    company.connection.delete()
    assert groups_of(tied.user) == {"staff"}
    second.delete()
    assert groups_of(tied.user) == set()


def test_disconnecting_ends_it(company: Company, sales: TheirGroup) -> None:
    user = User.objects.create_user("patti", password="correct-horse-battery-staple")
    browser = Client()
    browser.login(username="patti", password="correct-horse-battery-staple")
    company.come_back(browser, next_address(browser.post(PAGE, {"connect": "contoso"})))
    assert groups_of(user) == {"staff"}
    browser.post(PAGE, {"disconnect": Identity.objects.get().pk})
    assert not Identity.objects.exists()
    assert groups_of(user) == set()


def test_more_groups_than_are_stored_end_too(
    company: Company, client: Client, staff: Group
) -> None:
    for number in range(5):
        last = company.directory.add_group(f"Group {number}", members=[company.person])
    Connection.objects.update(max_groups=1)
    company.connection.group_mappings.create(directory_group_id=last.object_id, group=staff)
    company.sign_in(client)
    user = User.objects.get()
    assert groups_of(user) == {"staff"}
    Identity.objects.get().delete()
    assert groups_of(user) == set()


# --- What is recorded -----------------------------------------------------------------------------


def test_a_group_that_no_mapping_gives_any_more_is_no_longer_recorded(
    company: Company, sales: TheirGroup, tied: Identity, staff: Group
) -> None:
    sales.remove(company.person)
    company.sign_in(Client())
    assert groups_of(tied.user) == set()
    assert not GroupGrant.objects.exists()
    # Somebody gives it by hand now, so it stays.
    tied.user.groups.add(staff)
    tied.delete()
    assert groups_of(tied.user) == {"staff"}


def test_one_of_two_mappings_to_a_group_is_enough(
    company: Company, sales: TheirGroup, tied: Identity, staff: Group
) -> None:
    other = company.connection.group_mappings.create(
        directory_group_id="11112222-bbbb-3333-cccc-4444dddd5555", group=staff
    )
    other.delete()
    assert groups_of(tied.user) == {"staff"}


def test_a_linked_users_own_group_stays_theirs(
    company: Company, sales: TheirGroup, staff: Group, client: Client
) -> None:
    company.person.mail = "adele.vance@contoso.com"
    user = User.objects.create_user("adele", "adele.vance@contoso.com")
    user.groups.add(staff)
    Connection.objects.update(link_by_email=True)
    response = company.sign_in(client)
    assert response.status_code == 302
    identity = Identity.objects.get()
    assert identity.user == user
    assert not GroupGrant.objects.exists()


def test_receivers_of_djangos_signal_hear_of_it(tied: Identity, staff: Group) -> None:
    heard: list[Any] = []

    def listen(action: str, instance: Any, pk_set: Any, **kwargs: Any) -> None:
        heard.append((action, instance, pk_set))

    m2m_changed.connect(listen, sender=User.groups.through)
    try:
        tied.delete()
    finally:
        m2m_changed.disconnect(listen, sender=User.groups.through)
    assert ("post_remove", staff, {tied.user_id}) in heard


@pytest.mark.parametrize("what", ["user", "group"])
def test_users_and_groups_can_be_deleted(tied: Identity, staff: Group, what: str) -> None:
    (tied.user if what == "user" else staff).delete()
    assert not GroupGrant.objects.exists()
