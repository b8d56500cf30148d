"""Each step of joining, moving and leaving, seen in four places: session, user, rights and log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections import signals
from azuread_connections.models import Event, GroupMapping, Identity
from azuread_connections.scim.models import ProvisioningRequest
from azuread_connections.scim.recent import last_cycle
from tests.company import Company, error_code
from tests.scim.directory import Provisioning, group, guid, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sessions_are_checked_at_each_request(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


@dataclass
class Site:
    """Contoso's connection, with two mapped groups of which the person is in the first; the
    person's browser; and what the log has had so far."""

    contoso: Company
    directory: Provisioning
    browser: Client
    events_seen: int = 0
    requests_seen: int = 0

    def __post_init__(self) -> None:
        connection = self.contoso.connection
        connection.security_groups = True
        connection.save()
        permissions = ["User.Read", "GroupMember.Read.All"]
        self.contoso.app.grant(self.contoso.directory, delegated=permissions)
        person = self.contoso.person
        self.sales = self.contoso.directory.add_group("Sales", members=[person])
        self.support = self.contoso.directory.add_group("Support")
        for each in (self.sales, self.support):
            GroupMapping.objects.create(
                connection=connection,
                directory_group_id=each.object_id,
                group=Group.objects.create(name=each.name),
            )
        self.teams = {
            each.name: self.directory.create(group(each.name, externalId=each.object_id))
            for each in (self.sales, self.support)
        }
        self.log()

    def provision(self) -> dict[str, Any]:
        person = self.contoso.person
        return self.directory.create(
            user(person.upn, externalId=person.object_id, displayName=person.name)
        )

    def join(self, shown: dict[str, Any], team: str) -> None:
        member = [{"value": shown["id"]}]
        self.directory.change(self.teams[team], {"op": "Add", "path": "members", "value": member})

    def leave(self, shown: dict[str, Any], team: str) -> None:
        path = f'members[value eq "{shown["id"]}"]'
        self.directory.change(self.teams[team], {"op": "Remove", "path": path})

    def sign_in(self) -> str:
        """Return "", or why the sign-in was refused."""
        response = self.contoso.sign_in(self.browser)
        return "" if response.status_code == 302 else error_code(response)

    def is_signed_in(self) -> bool:
        return self.browser.get("/login/profile").status_code == 200

    def user(self) -> tuple[str, str, bool]:
        """Return name, surname and whether they are active: there is one user and one identity."""
        [identity], [found] = Identity.objects.all(), User.objects.all()
        assert identity.user == found
        return found.get_username(), found.last_name, found.is_active

    def rights(self) -> list[str]:
        return sorted(User.objects.get().groups.values_list("name", flat=True))

    def log(self) -> tuple[list[str], list[str]]:
        """Return what the logs of events and of requests have had since the last look."""
        events = list(Event.objects.order_by("pk"))
        requests = list(ProvisioningRequest.objects.order_by("pk"))
        found = (
            [each.kind for each in events[self.events_seen :]],
            [f"{each.method} {each.subject}" for each in requests[self.requests_seen :]],
        )
        self.events_seen, self.requests_seen = len(events), len(requests)
        return found


@pytest.fixture
def site(contoso: Company, directory: Provisioning) -> Site:
    return Site(contoso, directory, Client())


UPN = "adele.vance@contoso.com"


def test_provisioned_and_then_signs_in(site: Site) -> None:
    shown = site.provision()
    site.join(shown, "Sales")
    assert not site.is_signed_in()
    assert site.user() == (UPN, "Vance", True)
    assert site.rights() == ["Sales"]
    assert site.log() == (["provisioned"], [f"POST {UPN}", "PATCH Sales"])

    assert site.sign_in() == ""
    assert site.is_signed_in()
    assert site.user() == (UPN, "Vance", True)
    assert site.rights() == ["Sales"]
    assert site.log() == (["signed_in"], [])


def test_signs_in_and_is_then_provisioned(site: Site) -> None:
    assert site.sign_in() == ""
    assert site.log() == (["signed_in"], [])

    shown = site.provision()
    site.join(shown, "Sales")
    site.join(shown, "Support")
    assert site.is_signed_in()
    assert site.user() == (UPN, "Vance", True)
    assert site.rights() == ["Sales", "Support"]
    assert site.log() == (["provisioned"], [f"POST {UPN}", "PATCH Sales", "PATCH Support"])


def test_renamed(site: Site) -> None:
    shown = site.provision()
    site.join(shown, "Sales")
    site.sign_in()
    site.log()

    site.directory.change(
        shown,
        {"op": "Replace", "path": "userName", "value": "adele.smith@contoso.com"},
        {"op": "Replace", "path": "name.familyName", "value": "Smith"},
    )
    assert site.is_signed_in()
    assert site.user() == (UPN, "Smith", True)
    assert Identity.objects.get().login_name == "adele.smith@contoso.com"
    assert site.rights() == ["Sales"]
    assert site.log() == ([], ["PATCH adele.smith@contoso.com"])  # no event: nobody came or left


def test_moved(site: Site) -> None:
    shown = site.provision()
    site.join(shown, "Sales")
    site.sign_in()
    site.log()

    site.leave(shown, "Sales")
    site.join(shown, "Support")
    assert site.is_signed_in()
    assert site.user() == (UPN, "Vance", True)
    assert site.rights() == ["Support"]
    assert site.log() == ([], ["PATCH Sales", "PATCH Support"])


@pytest.mark.parametrize("comes_first", ["provisioning", "signing in"])
def test_disabled_and_enabled_again(site: Site, comes_first: str) -> None:
    """A disabled person keeps the groups that mappings gave: docs/provisioning.md."""
    if comes_first == "signing in":
        site.sign_in()
    shown = site.provision()
    site.join(shown, "Sales")
    site.sign_in()
    site.log()

    site.directory.set_active(shown, "False")
    assert not site.is_signed_in()
    assert site.user() == (UPN, "Vance", False)
    assert site.rights() == ["Sales"]
    assert site.log() == (["deprovisioned"], [f"PATCH {UPN}"])
    assert site.sign_in() == "user_refused"
    assert site.log() == (["sign_in_failed"], [])

    site.directory.set_active(shown, "True")
    assert not site.is_signed_in()  # the session that ended stays so
    assert site.user() == (UPN, "Vance", True)
    assert site.rights() == ["Sales"]
    assert site.log() == (["provisioned"], [f"PATCH {UPN}"])
    assert site.sign_in() == ""
    assert site.is_signed_in()
    assert site.log() == (["signed_in"], [])


def test_a_disabled_person_still_moves(site: Site) -> None:
    """What becomes of the groups meanwhile is so when they are enabled again."""
    shown = site.provision()
    site.join(shown, "Sales")
    site.directory.set_active(shown, "False")
    site.log()

    site.leave(shown, "Sales")
    site.join(shown, "Support")
    assert site.user() == (UPN, "Vance", False)
    assert site.rights() == ["Support"]
    assert site.log() == ([], ["PATCH Sales", "PATCH Support"])


def test_deleted(site: Site) -> None:
    shown = site.provision()
    site.join(shown, "Sales")
    site.sign_in()
    site.log()

    site.directory.send("DELETE", f"Users/{shown['id']}")
    assert not site.is_signed_in()
    [left] = User.objects.all()
    assert not left.is_active
    assert not Identity.objects.exists()
    assert site.rights() == []
    assert site.log() == (["deprovisioned"], [f"DELETE {UPN}"])
    assert site.sign_in() == "user_refused"
    assert site.log() == (["sign_in_failed"], [])


# --- Another object of the directory takes a person's row ----------------------------------------


def heard_while(change: Callable[[], object]) -> list[str]:
    """Return the reason and the user of each signal that a change sends."""
    heard: list[str] = []

    def hear(sender: Any, reason: str, user: Any, **kwargs: Any) -> None:
        heard.append(f"{reason} {user}")

    signals.provisioned.connect(hear)
    signals.deprovisioned.connect(hear)
    try:
        change()
    finally:
        signals.provisioned.disconnect(hear)
        signals.deprovisioned.disconnect(hear)
    return heard


def stands_for(object_id: str, **further: str) -> list[dict[str, Any]]:
    values = {"externalId": object_id} | further
    return [{"op": "Replace", "path": path, "value": value} for path, value in values.items()]


@pytest.mark.parametrize("was_active", [True, False])
def test_replaced_by_somebody_else(site: Site, was_active: bool) -> None:
    """Entra can find a leaver's row by a name that a newcomer got: it deletes nobody."""
    shown = site.provision()
    site.join(shown, "Sales")
    site.sign_in()
    if not was_active:
        site.directory.set_active(shown, "False")
    site.log()
    cycle = last_cycle(site.directory.connection)
    assert cycle is not None
    left = cycle.deprovisioned

    newcomer = guid()
    operations = stands_for(newcomer, userName="adele.young@contoso.com", active="True")
    heard = heard_while(lambda: site.directory.change(shown, *operations))
    assert not site.is_signed_in()
    former, theirs = User.objects.order_by("pk")
    assert (former.is_active, theirs.is_active) == (False, True)
    assert not former.groups.exists()
    assert [each.user for each in Identity.objects.all()] == [theirs]
    assert heard == [f"deleted {UPN}", "created adele.young@contoso.com"]
    found = Event.objects.order_by("pk")[site.events_seen :].values_list("person", flat=True)
    assert list(found) == [UPN, "adele.young@contoso.com"]
    assert site.log() == (["deprovisioned", "provisioned"], ["PATCH adele.young@contoso.com"])
    cycle = last_cycle(site.directory.connection)
    assert cycle is not None
    assert cycle.deprovisioned == left + 1
    assert site.sign_in() == "user_refused"


def test_replaced_by_somebody_who_is_refused(site: Site) -> None:
    shown = site.provision()
    site.directory.connection.create_users = False
    site.directory.connection.save()
    site.log()
    operations = stands_for(guid(), userName="adele.young@contoso.com")
    heard = heard_while(lambda: site.directory.change(shown, *operations))
    assert heard == [f"deleted {UPN}", "created None"]
    assert site.log()[0] == ["deprovisioned", "provisioned", "provision_refused"]


@pytest.mark.parametrize("had_person", [True, False])
def test_an_inactive_row_that_begins_to_stand_for_somebody(site: Site, had_person: bool) -> None:
    assert site.sign_in() == ""
    row = user("megan@contoso.com", externalId=guid() if had_person else "megan", active=False)
    shown = site.directory.create(row)
    site.log()

    operations = stands_for(site.contoso.person.object_id)
    heard = heard_while(lambda: site.directory.change(shown, *operations))
    assert not site.is_signed_in()
    deleted = ["deleted None"] if had_person else []
    assert heard == [*deleted, f"deactivated {UPN}"]
    assert site.log()[0] == ["deprovisioned"] * len(heard)
    assert site.sign_in() == "user_refused"


def test_an_inactive_row_that_begins_to_stand_for_nobody_here(site: Site) -> None:
    """As after a corrected mapping of ``externalId``: nobody has left this site."""
    row = user("megan@contoso.com", externalId="megan", active=False)
    shown = site.directory.create(row)
    assert heard_while(lambda: site.directory.change(shown, *stands_for(guid()))) == []


def test_reported_for_the_first_time_when_disabled(site: Site) -> None:
    assert site.sign_in() == ""
    person = site.contoso.person
    row = user(person.upn, externalId=person.object_id, active=False)
    heard = heard_while(lambda: site.directory.create(row))
    assert not site.is_signed_in()
    assert heard == [f"created {UPN}", f"deactivated {UPN}"]
    assert site.log()[0] == ["signed_in", "provisioned", "deprovisioned"]
    assert site.sign_in() == "user_refused"
