"""What a sign-in writes to the Django user: names, addresses and usernames that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.users import profile
from azuread_connections.login.users.trust import find_trust
from azuread_connections.models import Application, Connection, Identity
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import UserFactory
from tests.field_cases import case
from tests.login.users.test_resolution import signed_in

pytestmark = pytest.mark.django_db

F18 = case("F18")["claims"]


@pytest.fixture
def contoso_test(microsoft: StandIn, application: Application) -> Company:
    return Company.create(microsoft, application, domain="contoso.test")


# Addresses.


@given(st.from_regex(profile._PLAIN_ADDRESS, fullmatch=True))
def test_a_plain_address_is_one_for_django_too(address: str) -> None:
    if len(address) <= profile._MAX_PLAIN_ADDRESS:
        validate_email(address)


@pytest.mark.parametrize(
    ("address", "is_valid"),
    [
        ("adele.vance@contoso.com", True),
        ("zoë@contoso.com", False),
        ("o'brien+x@mail.contoso.co.uk", True),
        ("adele@bücher.example", True),
        ("adele@[127.0.0.1]", True),
        ("adele@localhost", True),
        ("adele@contoso", False),
        ("adele@-contoso.com", False),
        ("adele@contoso.com\n", False),
        (f"{'m' * 310}@contoso.com", False),
        ("", False),
    ],
)
def test_any_other_address_is_judged_by_django(address: str, is_valid: bool) -> None:
    assert profile._is_email(address) is is_valid


# Values that do not fit.


def long_address(length: int) -> str:
    domain = "@contoso.com"
    return "m" * (length - len(domain)) + domain


def test_an_address_that_does_not_fit_its_column_is_not_written(
    contoso: Company, client: Client
) -> None:
    user = signed_in(contoso, client, claims={"email": long_address(255)})
    assert user.email == ""
    assert Identity.objects.get().profile["email"] == long_address(255)


def test_an_address_that_just_fits_is_written(contoso: Company, client: Client) -> None:
    assert signed_in(contoso, client, claims={"email": long_address(254)}).email == (
        long_address(254)
    )


def test_an_address_that_does_not_fit_leaves_the_one_that_is_there(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    before = User.objects.get().email
    contoso.person.claims["email"] = long_address(300)
    contoso.sign_in(Client())
    assert User.objects.get().email == before != ""


@pytest.mark.parametrize("attribute", ["email", "username", "upn", "mobile", "employee_id"])
def test_only_names_are_cut(
    contoso: Company, client: Client, settings: Any, attribute: str
) -> None:
    """A truncated address or number is a different one, in whatever field it is stored."""
    settings.AZUREAD_CONNECTIONS |= {"USER_FIELDS": {"first_name": attribute}}
    Connection.objects.update(extended_profile=True)
    person = contoso.directory.add_person(
        "Megan Bowen",
        claims={"email": long_address(200), "upn": long_address(200)},
        graph={"mobilePhone": "1" * 200, "employeeId": "2" * 200},
    )
    person.graph["userPrincipalName"] = long_address(200)
    assert contoso.sign_in(client, person).status_code == 302
    assert User.objects.get().first_name == ""


def test_the_values_that_do_not_fit_are_known_with_the_length_that_does(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {
            "first_name": "given_name",
            "last_name": "phone",
            "email": "email",
            "is_staff": "department",
            "nothing": "job_title",
            "username": "username",
        }
    }
    found = profile.Profile(
        name="Adele Vance",
        given_name="x" * 151,
        family_name="x" * 151,
        email=long_address(255),
        email_verified=True,
        username="x" * 151,
        extended={"phone": ["x" * 151], "department": "x" * 151, "job_title": "x" * 151},
    )
    assert profile.too_long_values(found) == {
        ("given_name", "x" * 151, 150),
        ("email", long_address(255), 254),
    }
    unverified = replace(found, given_name="x" * 150, email_verified=False)
    assert profile.too_long_values(unverified) == set()


def test_a_value_that_the_field_refuses_is_not_written(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_emoji(value: str) -> None:
        if not value.isascii():
            raise ValidationError("No emoji here.")

    field = User._meta.get_field("first_name")
    monkeypatch.setitem(field.__dict__, "validators", [*field.validators, no_emoji])
    user = signed_in(contoso, client, claims={"given_name": "🌷", "family_name": "Bowen"})
    assert (user.first_name, user.last_name) == ("", "Bowen")


def test_a_cut_address_in_the_list_of_identities_shows_that_it_is_cut(
    contoso: Company, client: Client
) -> None:
    signed_in(contoso, client, claims={"upn": long_address(300)})
    assert Identity.objects.get().login_name == f"{'m' * 253}…"


# Names.


@pytest.mark.parametrize("row", case("F17")["no given_name and family_name"], ids=lambda r: r[0])
def test_a_display_name_becomes_first_and_last_name(
    contoso: Company, client: Client, row: list[str]
) -> None:
    name, given, family = row
    user = signed_in(contoso, client, claims={"name": name})
    assert (user.first_name, user.last_name) == (given, family.partition(" (or:")[0])


# Invisible letters.


def test_an_address_with_an_invisible_letter_is_the_one_that_people_read(
    contoso_test: Company, client: Client
) -> None:
    user = signed_in(contoso_test, client, claims=F18)
    profile = Identity.objects.get().profile
    assert (profile["email"], profile["email_verified"]) == ("zw@contoso.test", True)
    assert user.email == user.username == "zw@contoso.test"


def test_an_invisible_letter_does_not_keep_an_address_from_being_linked(
    contoso: Company, client: Client
) -> None:
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="megan", email="megan.bowen@contoso.com")
    user = signed_in(contoso, client, claims={"email": "megan.bowen\u200b@contoso.com"})
    assert user == local


def test_names_from_graph_lose_invisible_letters_too(contoso: Company, client: Client) -> None:
    Connection.objects.update(extended_profile=True)
    person = contoso.directory.add_person(
        "Megan Bowen", given_name="Me\u202egan\n", family_name="\ufeffBowen"
    )
    contoso.sign_in(client, person)
    assert User.objects.get().get_full_name() == "Megan Bowen"


# Guests.


def test_nothing_is_synced_into_the_username_or_over_anothers_unique_value(
    contoso, settings, client
):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"username": "name", "first_name": "given_name", "last_name": "family_name"}
    }
    contoso.sign_in(client)
    user = get_user(client)
    assert user.username == "adele.vance@contoso.com"
    User.objects.update(first_name="Kept")
    contoso.person.claims.update(given_name="", family_name="", name="")
    contoso.sign_in(client)
    user.refresh_from_db()
    assert user.first_name == "Kept"
    from azuread_connections.login.users.profile import read_profile, sync_user

    claims = IdTokenClaims(contoso.directory.tenant_id, "oid", email="taken@contoso.com")
    UserFactory.create(email="taken@contoso.com")
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"email": "email"}
    }
    with mock.patch.dict(User._meta.get_field("email").__dict__, {"unique": True}):
        profile = read_profile(claims, find_trust(contoso.connection, claims))
        assert sync_user(user, profile) == []


def test_the_address_of_a_user_follows_only_the_verified_one(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"email": "username", "first_name": "preferred_username"}
    }
    contoso.person.claims.update(preferred_username="boss@fabrikam.com", upn="boss@fabrikam.com")
    contoso.sign_in(client)
    assert (User.objects.get().email, User.objects.get().first_name) == ("", "")
