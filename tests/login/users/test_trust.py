"""The domains in which a directory can give names, and when Microsoft is asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from azuread_connections.login.users.trust import DomainTrust
from azuread_connections.microsoft import client as microsoft
from azuread_connections.models import Connection, DomainAlias, Event, Identity
from tests.company import Company, error_code, is_proven, move_to, unprove
from tests.factories import ConnectionFactory, UserFactory

pytestmark = pytest.mark.django_db

EMAIL = "adele.vance@contoso.com"


@pytest.fixture
def linking(contoso: Company) -> Company:
    Connection.objects.update(link_by_email=True)
    return contoso


def asked(company: Company) -> int:
    return company.microsoft.count("discovery")


def let_pass(**time: int) -> None:
    """Let this much time pass since Microsoft was last asked."""
    then = timezone.now() - timedelta(**time)
    DomainAlias.objects.update(checked_at=then)
    cache.clear()


def move_away(company: Company) -> None:
    company.microsoft.move_domain("contoso.com", company.microsoft.add_directory("fabrikam.com"))


# --- When Microsoft is asked again ----------------------------------------------------------------


@pytest.mark.parametrize(("hours", "times"), [(23, 0), (25, 1)])
def test_a_sign_in_asks_again_once_the_proof_is_a_day_old(
    contoso: Company, hours: int, times: int
) -> None:
    let_pass(hours=hours)
    for _ in range(3):
        assert contoso.sign_in(Client()).status_code == 302
    assert asked(contoso) == times


def test_a_verification_from_the_future_is_repeated(contoso: Company, client: Client) -> None:
    let_pass(hours=-1)
    contoso.sign_in(client)
    assert asked(contoso) == 1


def test_a_sign_in_that_finds_the_domain_moved_withdraws_the_proof(
    contoso: Company, client: Client
) -> None:
    let_pass(days=2)
    move_away(contoso)
    assert contoso.sign_in(client).status_code == 302
    assert not is_proven()
    user = User.objects.get()
    assert (user.email, user.username) == (
        "",
        f"{contoso.person.object_id}@{contoso.directory.tenant_id}",
    )


def test_while_microsoft_is_down_people_sign_in_and_one_in_ten_minutes_asks(
    contoso: Company,
) -> None:
    let_pass(days=2)
    contoso.microsoft.fault("discovery", status=503, times=None)
    for _ in range(3):
        assert contoso.sign_in(Client()).status_code == 302
    assert is_proven()
    assert User.objects.get().email == EMAIL
    assert asked(contoso) == 1


def test_an_alias_is_verified_when_somebody_signs_in_with_it(
    contoso: Company, client: Client
) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    contoso.sign_in(client)
    assert asked(contoso) == 0
    contoso.microsoft.move_domain("contoso.net", contoso.directory)
    person = contoso.directory.add_person("Megan Bowen", upn="megan@contoso.net")
    contoso.sign_in(Client(), person)
    assert asked(contoso) == 1
    assert is_proven("contoso.net")
    user = User.objects.get(username="megan@contoso.net")
    assert user.email == "megan@contoso.net"


def test_an_alias_that_is_not_proven_gives_no_name_and_no_address(
    contoso: Company, client: Client
) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    person = contoso.directory.add_person(
        "Megan Bowen", mail=None, claims={"preferred_username": "megan@contoso.net"}
    )
    contoso.sign_in(client, person)
    assert User.objects.get().email == ""
    assert "@contoso.net" not in User.objects.get().username


def test_a_domain_that_another_directorys_connection_has_verified_is_not_relied_on(
    contoso: Company, client: Client
) -> None:
    other = "11112222-bbbb-3333-cccc-4444dddd5555"
    second = ConnectionFactory.create(tenant_id=other, cloud="china")
    second.aliases.mark_verified(other)
    contoso.sign_in(client)
    assert User.objects.get().email == ""
    second.delete()
    contoso.sign_in(client)
    assert User.objects.get().email == EMAIL


# --- At the moment of linking ---------------------------------------------------------------------


def test_microsoft_is_asked_at_the_moment_of_linking(linking: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    assert asked(linking) == 0
    assert linking.sign_in(client).status_code == 302
    assert get_user(client) == local  # type: ignore[arg-type]
    assert asked(linking) == 1
    linking.sign_in(Client())
    assert asked(linking) == 1


def test_a_verification_that_was_just_renewed_is_not_repeated(
    linking: Company, client: Client
) -> None:
    let_pass(days=2)
    UserFactory.create(username="adele", email=EMAIL)
    linking.sign_in(client)
    assert asked(linking) == 1


def test_nobody_is_linked_by_a_domain_that_has_just_moved(linking: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    move_away(linking)
    assert linking.sign_in(client).status_code == 302
    assert Identity.objects.get().user != local
    assert not is_proven()
    assert Event.objects.filter(kind="domain_withdrawn").count() == 1


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"close": True}, {"status": 200, "body": "<html>"}]
)
def test_nobody_is_linked_while_microsoft_cannot_be_asked(
    linking: Company, client: Client, fault: dict[str, Any]
) -> None:
    local = User.objects.create_user("adele", email=EMAIL, password="correct horse")
    linking.microsoft.fault("discovery", times=None, **fault)
    response = linking.sign_in(client)
    assert (response.status_code, error_code(response)) == (503, "microsoft_unreachable")
    assert not Identity.objects.exists()
    assert User.objects.get() == local
    assert local.check_password("correct horse")
    assert get_user(client).is_anonymous  # type: ignore[arg-type]
    assert "contoso.com" in Event.objects.get(kind="sign_in_failed").message
    linking.microsoft.clear_faults()
    assert linking.sign_in(Client()).status_code == 302
    assert Identity.objects.get().user == local


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_deleted_while_microsoft_is_asked_links_nobody(
    linking: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory.create(username="adele", email=EMAIL)
    find = microsoft.find_directory

    def deleted_meanwhile(**asked: str) -> str:
        found = find(**asked)
        Connection.objects.all().delete()
        return found

    monkeypatch.setattr(microsoft, "find_directory", deleted_meanwhile)
    response = linking.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")
    assert not Identity.objects.exists()


def test_a_connection_that_trusts_another_directory_by_then_links_nobody(
    linking: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The domain has not moved, but the connection trusts another directory."""
    local = UserFactory.create(username="adele", email=EMAIL)
    find = microsoft.find_directory

    def moved_meanwhile(**asked: str) -> str:
        connection = Connection.objects.get()
        connection.tenant_id = linking.microsoft.add_directory("fabrikam.com").tenant_id
        connection.save()
        return find(**asked)

    monkeypatch.setattr(microsoft, "find_directory", moved_meanwhile)
    linking.sign_in(client)
    assert not Identity.objects.filter(user=local).exists()
    assert client.get("/login/profile").status_code == 401


# --- Users who are never linked -------------------------------------------------------------------


def test_a_user_with_permissions_of_a_group_is_not_linked(linking: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    group = Group.objects.create(name="editors")
    group.permissions.add(Permission.objects.get(codename="delete_user"))
    local.groups.add(group)
    response = linking.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert "holds permissions" in Event.objects.get(kind="sign_in_failed").message
    group.permissions.clear()
    assert linking.sign_in(client).status_code == 302
    assert Identity.objects.get().user == local


class GivesEverybodyOne:
    """An authentication backend of the site that gives everybody a permission."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def get_all_permissions(self, user: Any, obj: Any = None) -> set[str]:
        return {"app.right"}


def test_a_user_with_permissions_of_another_backend_is_not_linked(
    linking: Company, client: Client, settings: Any
) -> None:
    UserFactory.create(username="adele", email=EMAIL)
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        f"{__name__}.GivesEverybodyOne",
    ]
    response = linking.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")


@pytest.mark.parametrize(
    ("value", "own"),
    [
        ("a@contoso.com", True),
        ("a@CONTOSO.com", True),
        ("a@evilcontoso.com", False),
        ("a@sub.contoso.com", False),
        ("contoso.com", False),
        ("a@contoso.com@evil.com", False),
        ("a@evil.com@contoso.com", True),
    ],
)
def test_whose_address_it_is(contoso, value, own):
    assert DomainTrust(frozenset({"contoso.com"})).vouches_for(value) is own


def test_a_domain_of_another_directory_gives_no_names(contoso: Company, client: Client) -> None:
    """A connection edited while Microsoft was down, or imported with somebody else's domain."""
    contoso.microsoft.add_directory("fabrikam.com")
    move_to(contoso.connection, "fabrikam.com")
    person = contoso.directory.add_person(
        "Megan Bowen", mail=None, claims={"preferred_username": "victim@fabrikam.com"}
    )
    assert contoso.sign_in(client, person).status_code == 302
    user = User.objects.get()
    assert (user.username, user.email) == (
        f"{person.object_id}@{contoso.directory.tenant_id}",
        "",
    )
    assert not is_proven("fabrikam.com")
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id


def test_an_unproven_domain_is_proven_by_the_next_sign_in(contoso: Company, client: Client) -> None:
    unprove()
    contoso.sign_in(client)
    assert is_proven()
    assert User.objects.get().username == EMAIL


def test_an_unproven_domain_is_not_asked_about_at_every_sign_in(
    contoso: Company, client: Client
) -> None:
    contoso.microsoft.add_directory("fabrikam.com")
    move_to(contoso.connection, "fabrikam.com")
    person = contoso.directory.add_person("Megan Bowen", mail="megan@fabrikam.com")
    for _ in range(3):
        contoso.sign_in(Client(), person)
    assert contoso.microsoft.count("discovery") == 1
