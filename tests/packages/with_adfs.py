"""Run by ``test_packages`` with django-auth-adfs: people who signed in by it keep their users."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_auth_adfs.backend import AdfsBaseBackend
from django_auth_adfs.config import Settings
from django_auth_adfs.urls import urlpatterns

from azuread_connections.models import Connection, Identity
from azuread_connections.testing.directory.directories import Person
from tests.company import Company
from tests.factories import IdentityFactory, UserFactory

from .documented import first_cells, run

pytestmark = pytest.mark.django_db

PAGE = "coming-from-django-auth-adfs.md"


@pytest.fixture(autouse=True)
def users_api(contoso: Company) -> None:
    Connection.objects.update(enable_users_api=True)
    contoso.app.grant(contoso.directory, application=["User.Read.All"])


def signed_in_by_adfs(person: Person) -> User:
    """The user that django-auth-adfs's own code makes of this person's claims."""
    user: User = AdfsBaseBackend().create_user({"upn": person.upn, "iss": "", "tid": ""})
    user.save()
    return user


def tie(*options: str) -> list[str]:
    command = run(PAGE, "command: tie_adfs_users")["Command"]()
    output = StringIO()
    call_command(command, "contoso", *options, stdout=output)
    return output.getvalue().splitlines()


def test_who_signed_in_by_adfs_keeps_their_user(contoso: Company) -> None:
    user = signed_in_by_adfs(contoso.person)
    assert tie("--dry-run") == [f"{user.username}: tied"]
    assert not Identity.objects.exists()
    assert tie() == [f"{user.username}: tied"]
    assert tie() == []
    client = Client()
    assert contoso.sign_in(client).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert User.objects.count() == 1


def test_without_the_command_they_are_new(contoso: Company) -> None:
    signed_in_by_adfs(contoso.person)
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.count() == 2


def test_all_pages_are_read(contoso: Company) -> None:
    person = [contoso.directory.add_person(f"Zoe Person {number}") for number in range(501)][-1]
    user = signed_in_by_adfs(person)
    assert tie() == [f"{user.username}: tied"]


def test_staff_is_skipped_unless_asked_for(contoso: Company) -> None:
    user = signed_in_by_adfs(contoso.person)
    User.objects.update(is_superuser=True)
    assert tie() == [f"{user.username}: skipped, staff: is Adele Vance really that person?"]
    assert not Identity.objects.exists()
    assert tie("--staff") == [f"{user.username}: tied"]


def test_two_users_of_one_name_are_skipped(contoso: Company) -> None:
    signed_in_by_adfs(contoso.person)
    UserFactory.create(username=contoso.person.upn.upper())
    assert tie() == [f"{contoso.person.upn}: skipped, more than one fits"]
    assert not Identity.objects.exists()


def test_a_guest_is_not_found_by_name(contoso: Company) -> None:
    guest = contoso.directory.add_person("Diego Siciliani", guest=True)
    user = signed_in_by_adfs(guest)
    assert tie() == []
    User.objects.update(username=guest.object_id)
    assert tie("--claim", "oid") == [f"{guest.object_id}: tied"]
    assert Identity.objects.get().user == user


def test_by_address(contoso: Company) -> None:
    person = contoso.directory.add_person("Megan Bowen", graph={"mail": "megan@contoso.com"})
    UserFactory.create(username="Megan@contoso.com")
    assert tie("--claim", "email") == ["megan@contoso.com: tied"]
    assert Identity.objects.get().object_id == person.object_id


def test_who_is_tied_already_stays_so(contoso: Company) -> None:
    signed_in_by_adfs(contoso.person)
    other = UserFactory.create(username="other")
    IdentityFactory.create(
        user=other, tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    [line] = tie()
    assert line.endswith("skipped, is tied to other")
    assert Identity.objects.get().user == other


def test_a_connection_whose_directory_is_unknown_is_refused(contoso: Company) -> None:
    Connection.objects.update(tenant_id="")
    with pytest.raises(CommandError):
        tie()


def test_the_backend_of_the_page_decides_in_both_directions(
    contoso: Company, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = run(PAGE, "backend: FlagsFromRoles")["FlagsFromRoles"]
    monkeypatch.setattr("tests.packages.with_adfs.FlagsFromRoles", backend, raising=False)
    settings.AUTHENTICATION_BACKENDS = ["tests.packages.with_adfs.FlagsFromRoles"]
    contoso.app.assign_roles(contoso.person, "Staff")
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.get().is_staff
    contoso.app.assign_roles(contoso.person)
    assert contoso.sign_in(Client()).status_code == 302
    assert not User.objects.get().is_staff


def test_each_setting_of_adfs_has_a_row() -> None:
    """All of the installed version: a new one fails this test."""
    rows = first_cells(PAGE, "Settings")
    names = [name for name in vars(Settings()) if name.isupper()]
    assert len(names) > 25
    assert not [name for name in names if f"`{name}`" not in rows]


def test_each_address_of_adfs_has_a_row() -> None:
    rows = first_cells(PAGE, "URLs, middleware and templates")
    assert not [url.name for url in urlpatterns if f"`django_auth_adfs:{url.name}`" not in rows]
