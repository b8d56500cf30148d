"""What a sign-in writes into the Django user: names, addresses and usernames that fit."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.test import Client

from azuread_connections.models import Application, Connection, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, error_code
from tests.factories import UserFactory
from tests.field_cases import case
from tests.login.users.test_people import signed_in

pytestmark = pytest.mark.django_db

F15 = case("F15")["claims"]["upn"]
F18 = case("F18")["claims"]
F19 = case("F19")


@pytest.fixture
def contoso_test(microsoft: StandIn, application: Application) -> Company:
    return Company.create(microsoft, application, domain="contoso.test")


def made_of_ids(user: User) -> bool:
    identity = Identity.objects.get(user=user)
    return user.username == f"{identity.object_id}@{identity.tenant_id}"


# Usernames.


@pytest.mark.parametrize("upn", F15)
def test_a_username_that_the_user_model_refuses_is_made_of_the_ids(
    contoso_test: Company, client: Client, upn: str
) -> None:
    user = signed_in(contoso_test, client, upn=upn, claims={"upn": upn})
    form = UserChangeForm(UserChangeForm(instance=user).initial, instance=user)
    assert "username" in form.fields
    form.full_clean()
    assert "username" not in form.errors
    assert made_of_ids(user)


@pytest.mark.parametrize(
    "upn",
    [
        "megan bowen@contoso.com",
        "<megan>@contoso.com",
        "ｍegan@contoso.com",  # not normalised (NFKC): the form would turn it into another name
        "m" * 150 + "@contoso.com",
    ],
)
def test_a_name_that_no_form_would_keep_is_not_used(
    contoso: Company, client: Client, upn: str
) -> None:
    assert made_of_ids(signed_in(contoso, client, claims={"upn": upn}))


def test_the_validators_are_those_of_the_sites_own_user_model(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_letters = RegexValidator(r"\A[a-z0-9]+\Z")
    monkeypatch.setattr(User._meta.get_field("username"), "_validators", [only_letters])
    monkeypatch.delitem(User._meta.get_field("username").__dict__, "validators", raising=False)
    user = signed_in(contoso, client)
    only_letters(user.username)
    assert len(user.username) == 64


def nothing(claims: Any, connection: Connection) -> Any:
    return ""


def too_long(claims: Any, connection: Connection) -> str:
    return "x" * 151


def no_text(claims: Any, connection: Connection) -> Any:
    return None


def odd_but_wanted(claims: Any, connection: Connection) -> str:
    return f"waad|{claims.object_id}"


@pytest.mark.parametrize("function", ["nothing", "too_long", "no_text"])
def test_a_username_function_without_a_usable_name_refuses_the_person(
    contoso: Company, client: Client, settings: Any, function: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"USERNAME_FUNCTION": f"{__name__}.{function}"}
    response = contoso.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert not User.objects.exists()


def test_a_username_function_may_make_what_the_forms_would_refuse(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"USERNAME_FUNCTION": f"{__name__}.odd_but_wanted"}
    assert signed_in(contoso, client).username.startswith("waad|")


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
    """A cut address or number is somebody else's, in whatever field it is kept."""
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


@pytest.mark.parametrize("idp", [*F19["v2 token with idp"], *F19["v1 token with idp"]])
@pytest.mark.parametrize("api", ["v1.0", "v2.0"])
def test_an_idp_that_is_the_own_directory_does_not_make_a_guest(
    contoso: Company, client: Client, api: str, idp: str | None
) -> None:
    Connection.objects.update(allow_guests=False, identity_api=api)
    # In the stand-in's place: its directory, and its host for v2.0's issuer.
    if idp:
        idp = idp.replace(F19["tid"], contoso.directory.tenant_id)
        idp = idp.replace("https://login.microsoftonline.com", contoso.microsoft.url)
    user = signed_in(contoso, client, claims={"idp": idp})
    assert user.email == "megan.bowen@contoso.com"
