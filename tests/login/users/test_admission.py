"""Who gets in: new users or not, guests or not, and linking to a user who was there before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Permission, User
from django.test import Client

from azuread_connections.models import Connection, Event, Identity
from azuread_connections.testing import StandIn, next_address
from tests.company import Company, error_code, is_proven, move_to, unprove
from tests.factories import IdentityFactory, UserFactory

pytestmark = pytest.mark.django_db

EMAIL = "adele.vance@contoso.com"


@pytest.fixture
def linking(contoso: Company) -> Company:
    Connection.objects.update(link_by_email=True)
    return contoso


def assert_refused(response: Any) -> None:
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert not Identity.objects.exists()


def test_without_creation_only_known_people_come_in(contoso: Company, client: Client) -> None:
    Connection.objects.update(create_users=False)
    assert_refused(contoso.sign_in(client))
    assert not User.objects.exists()
    IdentityFactory.create(
        tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    assert contoso.sign_in(client).status_code == 302


@pytest.mark.parametrize("allowed", [True, False])
def test_guests_come_in_only_where_they_are_let(
    contoso: Company, microsoft: StandIn, client: Client, allowed: bool
) -> None:
    Connection.objects.update(allow_guests=allowed)
    fabrikam = microsoft.add_directory("fabrikam.com")
    guest = contoso.directory.add_person("Diego Siciliani", guest=True, home=fabrikam)
    response = contoso.sign_in(client, guest)
    if allowed:
        assert response.status_code == 302
        assert "@fabrikam.com" not in User.objects.get().username
    else:
        assert_refused(response)


@pytest.mark.parametrize("acct", [1, "1"])
def test_a_guest_is_known_by_the_acct_claim_too(
    contoso: Company, client: Client, acct: object
) -> None:
    Connection.objects.update(allow_guests=False)
    contoso.person.claims["acct"] = acct
    assert_refused(contoso.sign_in(client))
    contoso.person.claims["acct"] = 0
    assert contoso.sign_in(client).status_code == 302


def test_a_guest_with_a_members_name_gets_no_account_of_theirs(
    linking: Company, microsoft: StandIn, client: Client
) -> None:
    victim = UserFactory.create(username="victim", email="victim@contoso.com")
    fabrikam = microsoft.add_directory("fabrikam.com")
    guest = linking.directory.add_person("Diego Siciliani", guest=True, home=fabrikam)
    guest.claims["email"] = "victim@contoso.com"
    assert linking.sign_in(client, guest).status_code == 302
    assert Identity.objects.get().user != victim


# Linking


def test_linking_is_off_unless_switched_on(contoso: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    contoso.sign_in(client)
    assert Identity.objects.get().user != local


def test_a_linked_user_loses_their_password_and_their_sessions(
    linking: Company, client: Client
) -> None:
    local = User.objects.create_user("adele", email=EMAIL.upper(), password="correct horse")
    elsewhere = Client()
    elsewhere.force_login(local)

    assert linking.sign_in(client).status_code == 302

    assert Identity.objects.get().user == local
    local.refresh_from_db()
    assert not local.has_usable_password()
    assert get_user(elsewhere).is_anonymous  # type: ignore[arg-type]
    assert get_user(client) == local  # type: ignore[arg-type]
    event = Event.objects.get(kind="user_linked")
    assert event.person == EMAIL


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"is_staff": True},
        {"is_superuser": True},
    ],
)
def test_some_users_are_never_taken_over(
    linking: Company, client: Client, change: dict[str, bool]
) -> None:
    UserFactory.create(username="adele", email=EMAIL, **change)
    assert_refused(linking.sign_in(client))


def test_a_user_with_permissions_of_their_own_is_never_taken_over(
    linking: Company, client: Client
) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    local.user_permissions.add(Permission.objects.first())
    assert_refused(linking.sign_in(client))


def test_a_user_who_is_somebody_already_is_never_taken_over(
    linking: Company, client: Client
) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    IdentityFactory.create(user=local)
    response = linking.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")


def test_two_users_with_the_address_end_in_a_refusal(linking: Company, client: Client) -> None:
    UserFactory.create(username="a", email=EMAIL)
    UserFactory.create(username="b", email=EMAIL)
    assert_refused(linking.sign_in(client))


def test_a_user_with_a_similar_address_is_not_the_one(linking: Company, client: Client) -> None:
    """MariaDB takes é for e."""
    similar = UserFactory.create(username="a", email="adéle.vance@contoso.com")
    assert linking.sign_in(client).status_code == 302
    assert Identity.objects.get().user != similar


def test_only_the_email_claim_links(linking: Company, client: Client) -> None:
    local = UserFactory.create(username="a", email="victim@contoso.com")
    person = linking.directory.add_person(
        "Megan Bowen",
        mail=None,
        claims={"preferred_username": "victim@contoso.com", "upn": "victim@contoso.com"},
    )
    assert linking.sign_in(client, person).status_code == 302
    assert Identity.objects.get().user != local


@pytest.mark.parametrize(
    ("alias", "linked"), [("fabrikam.com", True), ("northwindtraders.com", False)]
)
def test_the_addresss_domain_belongs_to_the_connection(
    linking: Company, client: Client, alias: str, linked: bool
) -> None:
    linking.connection.aliases.create(domain=alias)
    linking.microsoft.move_domain(alias, linking.directory)
    local = UserFactory.create(username="a", email="megan@fabrikam.com")
    person = linking.directory.add_person("Megan Bowen", mail="megan@fabrikam.com")
    assert linking.sign_in(client, person).status_code == 302
    assert (Identity.objects.get().user == local) is linked


def test_an_unproven_domain_links_nobody(linking: Company, client: Client) -> None:
    unprove()
    linking.microsoft.fault("discovery", status=503)
    local = UserFactory.create(username="a", email=EMAIL)
    assert linking.sign_in(client).status_code == 302
    assert Identity.objects.get().user != local


# The domain


def test_a_domain_that_leads_elsewhere_gives_no_names(contoso: Company, client: Client) -> None:
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


# Somebody else is signed in


def test_nobody_is_made_somebody_else_without_being_asked(contoso: Company, client: Client) -> None:
    staff = UserFactory.create(username="staff")
    client.force_login(staff)

    response = contoso.sign_in(client, next="/reports/")

    page = response.content.decode()
    assert response.status_code == 200
    assert "You are signed in here as staff, and at Microsoft as adele.vance@contoso.com." in page
    assert get_user(client) == staff  # type: ignore[arg-type]
    assert not Identity.objects.exists()
    again = page.split('name="next" value="')[1].split('"')[0].replace("&amp;", "&")
    response = client.post("/login/logout", {"next": again})
    assert next_address(response) == again
    url = client.get(again)["Location"]
    assert contoso.come_back(client, url)["Location"] == "/reports/"
    assert get_user(client).get_username() == EMAIL  # type: ignore[arg-type]


def test_the_same_person_again_is_not_asked(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert contoso.sign_in(client).status_code == 302
