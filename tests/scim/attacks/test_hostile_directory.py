"""A directory's administrator who reports people to get at accounts that are not theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from azuread_connections.models import Event, GroupMapping, Identity, Revocation
from azuread_connections.scim.models import MadeUser, ProvisionedPerson
from tests.attacks.catalogue import Attacker, Standing, attack
from tests.company import Company
from tests.factories import ConnectionFactory, IdentityFactory, UserFactory
from tests.scim.directory import Provisioning, group, guid, user

pytestmark = [pytest.mark.django_db, attack(who=Attacker.ADMINISTRATOR)]

VICTIM = "victim@contoso.com"


@pytest.fixture
def victim(db: None) -> User:
    created: User = UserFactory.create(username=VICTIM, email=VICTIM)
    created.set_password("correct horse battery staple")
    created.save()
    return created


def assert_only_own_account(before: Standing, victim: User) -> None:
    """The person reported has got a user of their own at most, and the victim has lost nothing."""
    now = Standing.now()
    assert before.lost() == {}
    assert not Identity.objects.filter(user=victim).exists()
    assert now.rows[User.groups.through] == before.rows[User.groups.through]
    assert not ProvisionedPerson.objects.filter(user=victim).exists()


@attack(
    wants="the account of somebody with a password, by their user name or address",
    stopped_by="only an object ID of the pinned directory ties a person to a user",
)
@pytest.mark.parametrize("links", [False, True], ids=["no linking", "linking"])
@pytest.mark.parametrize("member", ["userName", "emails", "both", "other case"])
def test_an_account_by_its_name_or_address(
    contoso: Company, directory: Provisioning, victim: User, member: str, links: bool
) -> None:
    contoso.connection.link_by_email = links
    contoso.connection.save()
    before = Standing.now()
    name = {"emails": "own@contoso.com", "other case": VICTIM.upper()}.get(member, VICTIM)
    address = "own@contoso.com" if member == "userName" else VICTIM
    reported = user(name, emails=[{"type": "work", "value": address}])
    assert directory.post("Users", reported).status_code == 201
    assert_only_own_account(before, victim)
    directory.set_active(directory.get("Users").json()["Resources"][0], False)
    victim.refresh_from_db()
    assert victim.is_active
    assert victim.check_password("correct horse battery staple")


@attack(
    wants="the victim's account, by renaming a person who is known",
    stopped_by="a rename changes no tie, and no username",
)
def test_an_account_by_a_rename(directory: Provisioning, victim: User) -> None:
    own = directory.create(user("own@contoso.com"))
    before = Standing.now()
    directory.change(
        own,
        {"op": "Replace", "path": "userName", "value": VICTIM},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": VICTIM},
    )
    assert not Identity.objects.filter(user=victim).exists()
    assert User.objects.get(azuread_identities__isnull=False).get_username() == "own@contoso.com"
    assert before.rows[Identity] == Standing.now().rows[Identity]


@attack(
    wants="the account of a person of another directory, by their object ID",
    stopped_by="an identity is looked up in the connection's pinned directory",
)
@pytest.mark.parametrize("change", ["active", "delete"])
def test_an_object_id_of_another_directory(
    directory: Provisioning, victim: User, change: str
) -> None:
    own = directory.create(user("own@contoso.com"))
    theirs = IdentityFactory.create(user=victim, object_id=own["externalId"])
    if change == "active":
        directory.set_active(own, False)
    else:
        directory.send("DELETE", f"Users/{own['id']}")
    victim.refresh_from_db()
    assert victim.is_active
    assert Identity.objects.filter(pk=theirs.pk, user=victim).exists()
    assert User.objects.get(username="own@contoso.com").is_active is False
    assert not Revocation.objects.filter(subject=f"identity:{theirs.pk}").exists()


@attack(
    wants="to read or change people of another connection",
    stopped_by="every look-up names the token's connection",
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_people_of_another_connection(directory: Provisioning, method: str) -> None:
    theirs = directory.create(user())
    team = directory.create(group())
    stranger = Provisioning.of(ConnectionFactory.create(name="fabrikam", tenant_id=guid()))
    before = Standing.now()
    patch = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"displayName": "x"}}],
    }
    for path, content in ((f"Users/{theirs['id']}", user()), (f"Groups/{team['id']}", group())):
        sent: Any = {"PUT": content, "PATCH": patch}.get(method)
        assert stranger.send(method, path, sent).status_code == 404
    assert before.lost() == {}
    assert directory.get(f"Users/{theirs['id']}").json() == theirs
    # The same group of mine may name their person, whom it then does not reach.
    own = stranger.create(group(members=[{"value": theirs["id"]}, {"value": theirs["externalId"]}]))
    assert ProvisionedPerson.objects.get().memberships.count() == 0
    assert own["members"]


@attack(
    wants="rights of the site, by a group that has the ID of one that is mapped elsewhere",
    stopped_by="only mappings of the token's own connection count",
)
def test_a_group_of_another_connections_mappings(contoso: Company, directory: Provisioning) -> None:
    staff = Group.objects.create(name="Staff")
    mapped = guid()
    contoso.connection.security_groups = True
    contoso.connection.save()
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=mapped, group=staff
    )
    fabrikam = ConnectionFactory.create(name="fabrikam", tenant_id=guid(), security_groups=True)
    stranger = Provisioning.of(fabrikam)
    own = stranger.create(user("own@fabrikam.com"))
    stranger.create(group(externalId=mapped, members=[{"value": own["id"]}]))
    assert not User.objects.filter(groups=staff).exists()


@attack(
    wants="to stay in after the directory has reported them as a leaver",
    stopped_by="a rule refuses the sign-in, also of somebody without a user",
)
@pytest.mark.parametrize(
    ("how", "reason"), [("active", "has deactivated"), ("delete", "has deleted")]
)
@pytest.mark.parametrize("comes_first", ["provisioning", "signing in"])
def test_a_leaver_who_signs_in(
    contoso: Company, directory: Provisioning, how: str, reason: str, comes_first: str
) -> None:
    """Who has signed in first has a user that stays active, so that the rule alone refuses them."""
    if comes_first == "signing in":
        contoso.sign_in(Client())
        MadeUser.objects.all().delete()  # as of a user from before the app was installed
    shown = directory.create(user(contoso.person.upn, externalId=contoso.person.object_id))
    if how == "active":
        directory.set_active(shown, "False")
    else:
        directory.send("DELETE", f"Users/{shown['id']}")
    assert User.objects.get().is_active == (comes_first == "signing in")
    before = Standing.now()
    response = contoso.sign_in(Client())
    before.assert_stopped(response, 403, "user_refused")
    assert f"The directory {reason} this person" in Event.objects.latest("pk").message


@attack(
    wants="the account of a colleague who has left, with their recycled user name",
    stopped_by="another object ID is another person",
)
def test_a_recycled_user_name(directory: Provisioning) -> None:
    first = user()
    shown = directory.create(first)
    former = User.objects.get()
    directory.send("DELETE", f"Users/{shown['id']}")
    newcomer = user()
    directory.create(newcomer)
    assert Identity.objects.get(object_id=newcomer["externalId"]).user != former
    assert not User.objects.get(pk=former.pk).is_active


@attack(
    wants="an account that has got rights since its person was deleted",
    stopped_by="a returning person gets no user with rights or another identity, and none that "
    "was activated meanwhile",
)
@pytest.mark.parametrize("returns", ["active", "inactive"])
@pytest.mark.parametrize("gained", ["staff", "permission", "identity", "activity"])
def test_a_return_to_an_account_with_rights(
    directory: Provisioning, gained: str, returns: str
) -> None:
    first = user()
    directory.send("DELETE", f"Users/{directory.create(first)['id']}")
    former = User.objects.get()
    former.is_staff = gained == "staff"
    former.is_active = gained == "activity"
    former.save()
    if gained == "permission":
        former.user_permissions.add(Permission.objects.all()[0])
    if gained == "identity":
        IdentityFactory.create(user=former)
    shown = directory.create({**first, "active": returns == "active"})
    directory.set_active(shown, True)
    assert Identity.objects.get(object_id=first["externalId"]).user != former
    former.refresh_from_db()
    assert former.is_active == (gained == "activity")


@attack(
    wants="an account that was activated, by a way that sends no signal, since its person was "
    "deleted",
    stopped_by="a returning person gets no user who is active, though the directory had "
    "deactivated them",
)
@pytest.mark.parametrize("returns", ["active", "inactive"])
def test_a_return_to_an_account_that_was_activated_unheard(
    directory: Provisioning, returns: str
) -> None:
    first = user()
    directory.send("DELETE", f"Users/{directory.create(first)['id']}")
    User.objects.update(is_active=True, username="somebody-else")
    former = User.objects.get()
    shown = directory.create({**first, "active": returns == "active"})
    directory.set_active(shown, True)
    assert Identity.objects.get(object_id=first["externalId"]).user != former
    directory.set_active(shown, False)
    former.refresh_from_db()
    assert former.is_active


@attack(
    wants="the Django groups of a former colleague, whose row they get",
    stopped_by="a row that stands for somebody else is in no group",
)
def test_the_groups_of_the_row_that_somebody_gets(
    contoso: Company, directory: Provisioning
) -> None:
    contoso.connection.security_groups = True
    contoso.connection.save()
    staff = Group.objects.create(name="Staff")
    shown = directory.create(user())
    team = directory.create(group(members=[{"value": shown["id"]}]))
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=team["externalId"], group=staff
    )
    add = {"op": "Add", "path": "members", "value": [{"value": shown["id"]}]}
    directory.change(team, {"op": "Remove", "path": "members"})
    directory.change(team, add)
    former = User.objects.get(groups=staff)
    newcomer = guid()
    directory.change(shown, {"op": "Replace", "path": "externalId", "value": newcomer})
    theirs = Identity.objects.get(object_id=newcomer).user
    assert theirs != former
    assert not User.objects.filter(groups=staff).exists()
    directory.change(team, add)  # now of the newcomer
    assert User.objects.get(groups=staff) == theirs


@attack(
    wants="an account that an administrator has untied from the person",
    stopped_by="a directory has no say in a user that is not tied to its person",
)
@pytest.mark.parametrize("how", ["delete", "disable", "delete inactive"])
def test_an_account_that_was_untied(directory: Provisioning, how: str) -> None:
    first = user()
    shown = directory.create(first)
    former = User.objects.get()
    if how != "delete":
        directory.set_active(shown, False)
    Identity.objects.get().delete()
    if how == "disable":
        directory.set_active(shown, True)
    else:
        directory.send("DELETE", f"Users/{shown['id']}")
        directory.create(first)
    assert Identity.objects.get(object_id=first["externalId"]).user != former
    former.refresh_from_db()
    assert former.is_active == (how == "delete")


@attack(
    wants="to lock out a user who was not made for the person",
    stopped_by="what is noted of a person's former user holds for no other",
)
@pytest.mark.parametrize("how", ["tied again", "moved", "linked"])
def test_a_user_whom_the_person_got_later_is_not_locked_out(
    contoso: Company, directory: Provisioning, how: str
) -> None:
    shown = directory.create(user(contoso.person.upn, externalId=contoso.person.object_id))
    if how != "moved":
        User.objects.get().delete()
    other: User = UserFactory.create(username="other", email=contoso.person.upn)
    if how == "moved":
        identity = Identity.objects.get()
        identity.user = other
        identity.save()
    elif how == "tied again":
        IdentityFactory.create(
            user=other,
            object_id=shown["externalId"],
            tenant_id=contoso.directory.tenant_id,
            connection=contoso.connection,
        )
    else:
        contoso.connection.link_by_email = True
        contoso.connection.save()
        contoso.sign_in(Client())
    assert Identity.objects.get().user == other
    other.set_unusable_password()
    other.save()
    directory.change(shown, {"op": "Replace", "path": "title", "value": "Clerk"})
    directory.set_active(shown, False)
    other.refresh_from_db()
    assert other.is_active


@attack(
    wants="to lock out the site's administrators",
    stopped_by="only a user that the connection has made, with no other way in, is deactivated",
)
@pytest.mark.parametrize("way", ["staff", "password", "identity"])
def test_a_user_with_another_way_in_is_not_locked_out(directory: Provisioning, way: str) -> None:
    shown = directory.create(user())
    made = User.objects.get()
    made.is_staff = way == "staff"
    if way == "password":
        made.set_password("correct horse battery staple")
    made.save()
    if way == "identity":
        IdentityFactory.create(user=made)
    directory.set_active(shown, False)
    directory.send("DELETE", f"Users/{shown['id']}")
    made.refresh_from_db()
    assert made.is_active


@attack(
    wants="people of a directory that an administrator has refused",
    stopped_by="the rules of directories hold for reported people, too",
)
def test_a_refused_directory(contoso: Company, directory: Provisioning) -> None:
    contoso.connection.use_common_endpoint = True
    contoso.connection.save()
    contoso.connection.directories.update(status="refused")
    directory.create(user())
    assert User.objects.count() == 0


@attack(
    wants="guests in, whom the connection does not allow",
    stopped_by="the rules of sign-ins decide who gets a user",
)
def test_a_guest(contoso: Company, directory: Provisioning) -> None:
    contoso.connection.allow_guests = False
    contoso.connection.save()
    directory.create(user("eve_evil.example#EXT#@contoso.onmicrosoft.com"))
    assert User.objects.count() == 0


@attack(
    wants="to report people of the directory that a connection was moved to",
    stopped_by="a connection that is tied to another directory loses its tokens",
)
def test_a_token_of_the_former_directory(contoso: Company, directory: Provisioning) -> None:
    contoso.connection.refresh_from_db()
    contoso.connection.tenant_id = guid()
    contoso.connection.save()
    before = Standing.now()
    assert directory.get("Users").status_code == 401
    assert directory.post("Users", user()).status_code == 401
    assert before.lost() == {}
    assert (User.objects.count(), ProvisionedPerson.objects.count()) == (0, 0)
