"""Somebody who wants an account of their own tied to the victim's user, to come back with it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections.models import Connection, Identity
from azuread_connections.testing import next_address
from tests.company import Company
from tests.factories import UserFactory

from .catalogue import Attacker, Standing, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.BROWSER)]

PAGE = "/login/profile/accounts"


@pytest.fixture
def victim(db: None) -> User:
    return UserFactory.create(username="victim", is_staff=True)


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def begin(client: Client) -> str:
    answer = client.post(PAGE, {"connect": "contoso"})
    assert answer.status_code == 200
    return next_address(answer)


@attack(
    wants="an account tied by a page or link of another site (CSRF)",
    stopped_by="connecting begins by POST, with Django's token",
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_beginning(contoso: Company, victim: User, method: str) -> None:
    client = signed_in(victim, enforce_csrf_checks=True)
    before = Standing.now()
    answer = getattr(client, method)(PAGE, {"connect": "contoso"})
    before.assert_stopped(answer, 200 if method == "get" else 403, logged="")
    assert not [name for name in answer.cookies if name.startswith("azuread_txn")]


@attack(
    wants="the victim's browser to end what the attacker's has begun",
    stopped_by="the state must fit a sealed cookie of the browser that began",
)
def test_a_callback_of_the_attackers_browser(contoso: Company, victim: User) -> None:
    attackers = signed_in(UserFactory.create(username="attacker"))
    callback_url = contoso.microsoft.sign_in(begin(attackers), contoso.person)
    client = signed_in(victim)
    before = Standing.now()
    before.assert_stopped(client.get(callback_url), 400, "transaction_missing")


@attack(
    wants="to begin on a shared computer, and let the next person end it",
    stopped_by="the user who began it is sealed into the transaction",
)
@pytest.mark.parametrize("who", ["victim", "nobody"])
def test_another_user_ends_it(contoso: Company, victim: User, who: str) -> None:
    browser = signed_in(UserFactory.create(username="attacker"))
    callback_url = contoso.microsoft.sign_in(begin(browser), contoso.person)
    if who == "victim":
        browser.cookies["sessionid"] = signed_in(victim).cookies["sessionid"].value
    else:
        del browser.cookies["sessionid"]
    before = Standing.now()
    before.assert_stopped(browser.get(callback_url), 400, "transaction_expired")


@attack(
    wants="to use a session that the victim has left open",
    stopped_by="the user must have signed in within the last ten minutes",
)
@pytest.mark.parametrize("what", ["connect", "disconnect"])
def test_a_session_left_open(contoso: Company, fabrikam: Company, victim: User, what: str) -> None:
    client = signed_in(victim)
    contoso.come_back(client, begin(client))
    session = client.session
    session["azuread_login_at"] = int(time.time()) - 601
    session.save()
    before = Standing.now()
    value = "fabrikam" if what == "connect" else str(Identity.objects.get().pk)
    before.assert_stopped(client.post(PAGE, {what: value}), 200, logged="")


@attack(
    wants="somebody else's Microsoft account to sign in as the attacker's user",
    stopped_by="an account that is tied to one user is not tied to another",
)
def test_an_account_that_is_taken(contoso: Company, victim: User) -> None:
    owner = signed_in(victim)
    contoso.come_back(owner, begin(owner))
    attacker = signed_in(UserFactory.create(username="attacker"))
    url = begin(attacker)
    before = Standing.now()
    before.assert_stopped(contoso.come_back(attacker, url), 403, "user_refused")


@attack(
    wants="to disconnect another user's account, or one's own only way in",
    stopped_by="only one's own accounts, and never the last way to sign in",
)
def test_untying_what_is_not_theirs(contoso: Company, victim: User) -> None:
    owner = signed_in(victim)
    contoso.come_back(owner, begin(owner))
    theirs = Identity.objects.get()
    attacker = signed_in(UserFactory.create(username="attacker"))
    before = Standing.now()
    before.assert_stopped(attacker.post(PAGE, {"disconnect": theirs.pk}), 302, logged="")


@attack(
    wants="to get past a connection's rules by tying instead of signing in",
    stopped_by="guests, groups and directories are judged as at a sign-in",
)
def test_a_guest_where_none_is_let_in(contoso: Company, victim: User) -> None:
    Connection.objects.update(allow_guests=False)
    guest = contoso.directory.add_person("Megan Bowen", guest=True)
    client = signed_in(victim)
    url = begin(client)
    before = Standing.now()
    before.assert_stopped(contoso.come_back(client, url, guest), 403, "user_refused")


@attack(
    wants="to keep the rights of a directory's group after untying the account that gave them",
    stopped_by="what a connection's mappings gave ends with the tie",
)
@pytest.mark.parametrize("end", ["disconnect", "untied", "tied to another", "connection deleted"])
def test_rights_end_with_the_tie(contoso: Company, end: str) -> None:
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    Connection.objects.update(security_groups=True)
    theirs = contoso.directory.add_group("Admins", members=[contoso.person])
    rights = Group.objects.create(name="rights")
    contoso.connection.group_mappings.create(directory_group_id=theirs.object_id, group=rights)
    attacker = User.objects.create_user("attacker", password="correct-horse-battery-staple")
    client = Client()
    client.login(username="attacker", password="correct-horse-battery-staple")
    contoso.come_back(client, begin(client))
    assert attacker.groups.get() == rights
    identity = Identity.objects.get()
    if end == "disconnect":
        assert client.post(PAGE, {"disconnect": str(identity.pk)}).status_code == 302
    elif end == "untied":
        Identity.objects.all().delete()
    elif end == "tied to another":
        identity.user = UserFactory.create()
        identity.save(update_fields=["user"])
    else:
        Connection.objects.all().delete()
    assert client.get("/admin/login/").wsgi_request.user == attacker
    assert not attacker.groups.exists()


@attack(
    wants="the page of a connection's sign-in used to tie, or the other way round",
    stopped_by="each transaction has its purpose sealed in",
)
def test_a_sign_in_connects_no_account(contoso: Company, victim: User) -> None:
    client = signed_in(victim)
    before = Standing.now()
    answer = contoso.sign_in(client, next=PAGE)
    before.assert_stopped(answer, 200, logged="")
    assert "You are signed in here as victim" in answer.content.decode()
