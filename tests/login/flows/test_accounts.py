"""A signed-in user connects and disconnects their own Microsoft accounts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, OperationalError
from django.test import Client

from azuread_connections.login.flows import accounts
from azuread_connections.login.log import events
from azuread_connections.login.users import identities
from azuread_connections.models import Connection, Event, GroupMapping, Identity
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of
from tests.factories import CredentialFactory, IdentityFactory

pytestmark = pytest.mark.django_db

PAGE = "/login/profile/accounts"
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def patti(db: None) -> User:
    return get_user_model().objects.create_user("patti", "patti@example.com", PASSWORD)


@pytest.fixture
def browser(patti: User) -> Client:
    """Patti's browser, just signed in with her password."""
    client = Client()
    assert client.login(username="patti", password=PASSWORD)
    return client


def begin(company: Company, client: Client) -> str:
    """Press "Connect"; return Microsoft's address."""
    answer = client.post(PAGE, {"connect": company.connection.name})
    assert answer.status_code == 200, answer.content
    return next_address(answer)


def connect(company: Company, client: Client) -> Any:
    return company.come_back(client, begin(company, client))


def age(client: Client, seconds: int) -> None:
    session = client.session
    session["azuread_login_at"] = int(time.time()) - seconds
    session.save()


# --- Connecting -----------------------------------------------------------------------------------


def test_the_account_is_tied_and_signs_the_same_user_in(
    contoso: Company, browser: Client, patti: User
) -> None:
    answer = connect(contoso, browser)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    identity = Identity.objects.get()
    assert (identity.user, identity.object_id) == (patti, contoso.person.object_id)
    assert "adele.vance@contoso.com" in browser.get(PAGE).content.decode()
    event = Event.objects.get(kind="user_linked")
    assert (event.identity, event.message) == (identity, "Connected by the user patti themselves.")
    other = Client()
    contoso.sign_in(other)
    assert other.get("/login/profile").json()["user"]["id"] == patti.pk
    assert User.objects.count() == 1


def test_nothing_of_the_user_changes(contoso: Company, browser: Client, patti: User) -> None:
    connect(contoso, browser)
    after = User.objects.get()
    assert after.check_password(PASSWORD)
    for field in ("username", "email", "first_name", "last_name", "last_login"):
        assert getattr(after, field) == getattr(User.objects.get(pk=patti.pk), field)
    assert browser.get(PAGE).status_code == 200
    # The session did not begin by the connection, and does not end with it.
    assert browser.get("/login/profile").status_code == 401


def test_a_user_may_have_several(
    contoso: Company, fabrikam: Company, browser: Client, patti: User
) -> None:
    connect(contoso, browser)
    connect(fabrikam, browser)
    assert patti.azuread_identities.count() == 2


def test_connecting_again_is_allowed(contoso: Company, browser: Client) -> None:
    connect(contoso, browser)
    assert connect(contoso, browser).status_code == 302
    assert Identity.objects.count() == 1


def test_where_users_are_not_created_their_accounts_can_still_be_connected(
    contoso: Company, browser: Client
) -> None:
    Connection.objects.update(create_users=False)
    assert connect(contoso, browser).status_code == 302
    assert Identity.objects.exists()


def test_mapped_groups_follow(contoso: Company, browser: Client, patti: User) -> None:
    group = contoso.directory.add_group("Engineers", members=[contoso.person])
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    Connection.objects.update(security_groups=True)
    editors = Group.objects.create(name="editors")
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=group.object_id, group=editors
    )
    connect(contoso, browser)
    assert list(patti.groups.all()) == [editors]


# --- What is refused ------------------------------------------------------------------------------


def test_it_is_for_people_who_are_signed_in(contoso: Company, client: Client) -> None:
    for answer in (client.get(PAGE), client.post(PAGE, {"connect": "contoso"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/?next=")


def test_another_site_cannot_begin_it(contoso: Company, patti: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.login(username="patti", password=PASSWORD)
    assert client.post(PAGE, {"connect": "contoso"}).status_code == 403
    # Nor does a link.
    assert client.get(PAGE, {"connect": "contoso"}).status_code == 200


@pytest.mark.parametrize("page", [PAGE, "/login/logout"])
def test_a_site_without_the_middleware_for_it_is_protected_too(
    contoso: Company, patti: User, settings: Any, page: str
) -> None:
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if "Csrf" not in name and "XFrame" not in name
    ]
    client = Client(enforce_csrf_checks=True)
    client.login(username="patti", password=PASSWORD)
    assert client.post(page).status_code == 403
    if page == PAGE:
        assert client.get(page)["X-Frame-Options"] == "DENY"


def test_an_open_session_of_long_ago_is_not_enough(contoso: Company, browser: Client) -> None:
    age(browser, 601)
    answer = browser.post(PAGE, {"connect": "contoso"})
    assert answer.status_code == 200
    assert "sign in again first" in answer.content.decode()
    assert "Connect an account" not in answer.content.decode()
    age(browser, 590)
    begin(contoso, browser)


def test_a_session_from_before_the_app_was_installed_is_not_enough(
    contoso: Company, browser: Client
) -> None:
    session = browser.session
    del session["azuread_login_at"]
    session.save()
    assert browser.post(PAGE, {"connect": "contoso"}).status_code == 200


def test_signing_in_by_a_connection_counts_too(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.sign_in(client)
    connect(fabrikam, client)
    assert User.objects.get().azuread_identities.count() == 2


def test_an_account_of_somebody_else_stays_theirs(
    contoso: Company, browser: Client, client: Client
) -> None:
    contoso.sign_in(client)
    owner = Identity.objects.get().user
    answer = connect(contoso, browser)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert Identity.objects.get().user == owner
    event = Event.objects.get(kind="sign_in_failed")
    assert "tied to another user already" in event.message


@pytest.mark.parametrize("who", ["nobody", "somebody else"])
def test_only_who_began_it_can_end_it(contoso: Company, browser: Client, who: str) -> None:
    url = begin(contoso, browser)
    browser.logout()
    if who == "somebody else":
        browser.force_login(get_user_model().objects.create_user("alex"))
    # The transaction's cookie was cleared with the session's: a browser keeps it.
    client = browser
    answer = contoso.come_back(client, url)
    assert answer.status_code == 400
    assert not Identity.objects.exists()


def test_a_sign_out_and_in_as_somebody_else_in_between(
    contoso: Company, browser: Client, patti: User
) -> None:
    url = begin(contoso, browser)
    alex = Client()
    alex.force_login(get_user_model().objects.create_user("alex"))
    browser.cookies["sessionid"] = alex.cookies["sessionid"].value
    answer = contoso.come_back(browser, url)
    assert (answer.status_code, error_code(answer)) == (400, "transaction_expired")
    assert not Identity.objects.exists()


def test_a_signed_out_browser_gains_nothing(contoso: Company, browser: Client) -> None:
    url = begin(contoso, browser)
    del browser.cookies["sessionid"]
    answer = contoso.come_back(browser, url)
    assert (answer.status_code, error_code(answer)) == (400, "transaction_expired")
    assert not Identity.objects.exists()
    assert "sessionid" not in answer.cookies


def test_a_connection_that_is_not_enabled_here(contoso: Company, browser: Client) -> None:
    contoso.connection.applications.clear()
    answer = browser.post(PAGE, {"connect": "contoso"})
    assert (answer.status_code, error_code(answer)) == (403, "connection_disabled")


def test_guests_are_not_connected_where_guests_are_refused(
    contoso: Company, browser: Client
) -> None:
    Connection.objects.update(allow_guests=False)
    guest = contoso.directory.add_person("Guest One", guest=True)
    answer = contoso.come_back(browser, begin(contoso, browser), guest)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert not Identity.objects.exists()


def test_a_required_group_applies_to_connecting(contoso: Company, browser: Client) -> None:
    group = contoso.directory.add_group("Engineers")
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    Connection.objects.update(security_groups=True)
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=group.object_id, admits=True
    )
    answer = connect(contoso, browser)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")


def test_a_failure_returns_to_the_page(contoso: Company, browser: Client) -> None:
    state = query_of(begin(contoso, browser))["state"]
    answer = browser.get("/login/callback", {"state": state, "error": "access_denied"})
    assert (answer.status_code, error_code(answer)) == (403, "access_denied")
    assert f'href="{PAGE}"' in answer.content.decode()
    assert "Back to your Microsoft accounts" in answer.content.decode()


def test_a_refused_secret_is_skipped_for_a_good_one(contoso: Company, browser: Client) -> None:
    CredentialFactory(connection=contoso.connection, value="Abc8Q~a-newer-one-that-is-wrong")
    answer = connect(contoso, browser)
    while answer["Location"].startswith(contoso.microsoft.url):
        answer = contoso.come_back(browser, answer["Location"])
    assert answer["Location"] == PAGE
    assert Identity.objects.exists()


@pytest.mark.parametrize("public_url", ["https://app.example.com", "http://testserver:80"])
def test_behind_a_proxy_that_rewrites_the_host_it_moves_once(
    contoso: Company, browser: Client, settings: Any, public_url: str
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": public_url}
    url = next_address(browser.post(PAGE, {"connect": "contoso"}))
    if not url.startswith(contoso.microsoft.url):
        assert url == f"{public_url}{PAGE}?moved=1"
        answer = browser.post(url.removeprefix(public_url), {"connect": "contoso"})
        url = next_address(answer)
    assert url.startswith(contoso.microsoft.url)


def test_the_cookie_stays_small(contoso: Company, browser: Client) -> None:
    for parameter in ("x", "application", "moved"):
        answer = browser.post(f"{PAGE}?{parameter}={'a' * 3500}", {"connect": "contoso"})
        sizes = [len(m.value) for name, m in answer.cookies.items() if "azuread_txn_" in name]
        assert all(size <= 1000 for size in sizes)


def meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> None:
    """Let something happen while Microsoft is asked."""
    verify = accounts.verify_identity

    def verify_and_change(*args: Any) -> Any:
        verified = verify(*args)
        change()
        return verified

    monkeypatch.setattr(accounts, "verify_identity", verify_and_change)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["deleted", "disabled"])
def test_a_connection_that_is_gone_meanwhile(
    contoso: Company, browser: Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    applications = contoso.connection.applications
    meanwhile(
        monkeypatch,
        contoso.connection.delete if what == "deleted" else applications.clear,
    )
    answer = connect(contoso, browser)
    assert (answer.status_code, error_code(answer)) == (403, "connection_disabled")
    assert not Identity.objects.exists()


def test_who_is_tied_by_somebody_else_meanwhile_stays_theirs(
    contoso: Company, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    IdentityFactory(
        cloud="global",
        tenant_id=contoso.directory.tenant_id,
        object_id=contoso.person.object_id,
    )
    find, calls = identities.find, []

    def find_late(verified: Any) -> Any:
        calls.append(1)
        return find(verified) if len(calls) > 1 else None

    monkeypatch.setattr(identities, "find", find_late)
    answer = connect(contoso, browser)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")


def test_a_deadlock_is_tried_again(
    contoso: Company, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, calls = events.record_connected, []

    def fail_once(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("deadlock detected")
        return record(*args)

    monkeypatch.setattr(events, "record_connected", fail_once)
    assert connect(contoso, browser).status_code == 302
    assert Identity.objects.count() == 1


def test_what_the_site_does_not_let_be_stored_is_a_page(
    contoso: Company, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise IntegrityError("a constraint of the site's own")

    monkeypatch.setattr(identities, "tie", refuse)
    answer = connect(contoso, browser)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert not Identity.objects.exists()


# --- Disconnecting --------------------------------------------------------------------------------


def test_an_account_is_untied_and_its_sessions_end(
    contoso: Company, browser: Client, patti: User, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    connect(contoso, browser)
    other = Client()
    contoso.sign_in(other)
    assert other.get("/login/profile").status_code == 200
    answer = browser.post(PAGE, {"disconnect": Identity.objects.get().pk})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert not Identity.objects.exists()
    assert other.get("/login/profile").status_code == 401
    event = Event.objects.get(kind="user_unlinked")
    assert event.message == "Disconnected by the user patti themselves."


def test_the_only_way_to_sign_in_stays(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    identity = Identity.objects.get()
    assert "Disconnect" not in client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"disconnect": identity.pk})
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert Identity.objects.exists()


def test_an_empty_password_does_not_count_as_a_way_to_sign_in(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    User.objects.update(password="")
    session = client.session
    session["_auth_user_hash"] = User.objects.get().get_session_auth_hash()
    session.save()
    answer = client.post(PAGE, {"disconnect": Identity.objects.get().pk})
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")


@pytest.mark.parametrize("key", ["", "x", "0", "9" * 40])
def test_what_is_not_theirs_is_not_touched(contoso: Company, browser: Client, key: str) -> None:
    theirs = IdentityFactory()
    for value in (key, str(theirs.pk)):
        assert browser.post(PAGE, {"disconnect": value}).status_code == 302
    assert Identity.objects.filter(pk=theirs.pk).exists()


def test_disconnecting_needs_a_fresh_login(contoso: Company, browser: Client) -> None:
    connect(contoso, browser)
    age(browser, 601)
    assert browser.post(PAGE, {"disconnect": Identity.objects.get().pk}).status_code == 200
    assert Identity.objects.exists()


def test_the_session_of_a_person_tied_to_another_user_ends(
    contoso: Company, client: Client, patti: User, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    contoso.sign_in(client)
    assert client.get("/login/profile").status_code == 200
    Identity.objects.update(user=patti)
    assert client.get("/login/profile").status_code == 401
    assert "_auth_user_id" not in client.session
