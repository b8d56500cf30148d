"""Run by ``test_sites`` with user models that have an email address, a UUID, and little else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from azuread_connections.models import Application, Connection, Event, Identity, SetupLink
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page, text
from tests.company import Company, error_code
from tests.sites.admin_pages import furnish, pages
from tests.sites.browser import Browser

pytestmark = pytest.mark.django_db

Person = get_user_model()


@pytest.fixture
def staff(db: None) -> Any:
    return Person._default_manager.create_superuser("boss@example.com")  # type: ignore[attr-defined]


@pytest.fixture
def boss(staff: Any) -> Client:
    client = Client()
    client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db(transaction=True)
def test_a_person_signs_in(microsoft: StandIn, live_server: Any) -> None:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    browser = Browser(live_server.url)
    for _ in range(2):
        begun = browser.open("/login/contoso/", next="/login/profile")
        arrived = browser.arrive(company, begun)
        assert (arrived.status_code, arrived.headers["Location"]) == (302, "/login/profile")
    user = Person._default_manager.get()
    assert isinstance(user.pk, uuid.UUID)
    has_last_login = "last_login" in {field.name for field in Person._meta.get_fields()}
    assert bool(user.last_login) == has_last_login
    assert browser.open("/login/profile").json()["user"] == {
        "id": str(user.pk),
        "username": "adele.vance@contoso.com",
        "email": "adele.vance@contoso.com",
    }
    assert "adele.vance@contoso.com" in browser.open("/login/profile/accounts").text
    browser.submit("/login/logout")
    assert browser.open("/login/profile").status_code == 401


def test_an_address_that_is_taken_is_nobody_elses(contoso: Company, client: Client) -> None:
    """It cannot be made up again: the address is the only name."""
    Person._default_manager.create(email="Adele.Vance@contoso.com")
    assert error_code(contoso.sign_in(client)) == "user_refused"
    assert Event.objects.latest("pk").message.startswith("Another user has the address")


def test_it_is_linked_if_that_is_switched_on(contoso: Company, client: Client) -> None:
    Connection.objects.update(link_by_email=True)
    known = Person._default_manager.create(email="adele.vance@contoso.com")
    contoso.person.claims["xms_edov"] = True
    assert contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user == known


def test_a_guest_gets_an_address_that_nobody_can_own(contoso: Company, client: Client) -> None:
    guest = contoso.directory.add_person("Diego Siciliani", upn="diego@fabrikam.com", guest=True)
    assert contoso.sign_in(client, guest).status_code == 302
    assert Person._default_manager.get().get_username().endswith(".azuread.invalid")


def test_every_page_of_the_admin_opens(microsoft: StandIn, staff: Any, boss: Client) -> None:
    company = furnish(microsoft, staff)
    for name, path in pages(company).items():
        assert boss.get(f"/admin/{path}").status_code == 200, name


def test_a_person_is_tied_to_another_user_by_hand(
    contoso: Company, client: Client, boss: Client
) -> None:
    contoso.sign_in(client)
    other = Person._default_manager.create(email="other@example.com")
    identity = Identity.objects.get()
    page = f"/admin/azuread_connections/identity/{identity.pk}/change/"
    assert str(identity.user_id) in boss.get(page).content.decode()
    assert boss.post(page, {"user": str(other.pk)}).status_code == 302
    identity.refresh_from_db()
    assert identity.user == other
    assert str(other.pk) in text(boss.get(page.replace("change", "history")))


def test_a_customer_is_invited_and_the_test_of_the_connection_returns(
    contoso: Company, boss: Client
) -> None:
    page = change_page(contoso.connection)
    made = boss.post(
        page.replace("change", "invite"), {"purpose": "renew", "days": "5", "openings": "1"}
    )
    assert "This address is shown only now." in text(made)
    assert SetupLink.objects.get().created_by_name == "boss@example.com"
    begun = boss.post(page.replace("change", "try"))
    back = boss.get(contoso.microsoft.sign_in(begun, contoso.person), follow=True)
    assert "It works" in text(back)


def test_groups_are_not_mapped_to_users_without_groups(
    contoso: Company, client: Client, boss: Client
) -> None:
    """They can still decide who gets in."""
    Connection.objects.update(security_groups=True)
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    sales = contoso.directory.add_group("Sales")
    mapping = {"directory_group_id": sales.object_id, "group": Group.objects.create(name="Sales")}
    contoso.connection.group_mappings.create(**mapping, admits=True)
    assert error_code(contoso.sign_in(client)) == "user_refused"
    sales.add(contoso.person)
    assert contoso.sign_in(client).status_code == 302
