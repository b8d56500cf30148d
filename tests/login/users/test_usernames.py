from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.test import Client

from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.users import usernames
from azuread_connections.login.users.trust import find_trust
from azuread_connections.models import Application, Connection, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, error_code
from tests.factories import UserFactory
from tests.field_cases import case
from tests.login.users.test_resolution import signed_in

pytestmark = pytest.mark.django_db


def _email_field():
    from django.db import models

    field = models.EmailField(max_length=254)
    field.set_attributes_from_name("username")
    return field


F15 = case("F15")["claims"]["upn"]


@pytest.fixture
def contoso_test(microsoft: StandIn, application: Application) -> Company:
    return Company.create(microsoft, application, domain="contoso.test")


def made_of_ids(user: User) -> bool:
    identity = Identity.objects.get(user=user)
    return user.username == f"{identity.object_id}@{identity.tenant_id}"


def nothing(claims: Any, connection: Connection) -> Any:
    return ""


def too_long(claims: Any, connection: Connection) -> str:
    return "x" * 151


def no_text(claims: Any, connection: Connection) -> Any:
    return None


def odd_but_wanted(claims: Any, connection: Connection) -> str:
    return f"waad|{claims.object_id}"


def test_a_name_of_another_domain_is_not_used_as_username(contoso, client):
    contoso.person.claims.update(
        preferred_username="victim@fabrikam.com", upn="victim@fabrikam.com", email=None
    )
    contoso.sign_in(client)
    assert get_user(client).username == f"{contoso.person.object_id}@{contoso.directory.tenant_id}"


def test_where_the_username_is_an_address(contoso, settings):
    claims = IdTokenClaims(
        contoso.directory.tenant_id, "11112222-bbbb-3333-cccc-4444dddd5555", upn="adele@contoso.com"
    )
    field = _email_field()
    trust = find_trust(contoso.connection, claims)
    with mock.patch.object(usernames, "_field", return_value=field):
        assert usernames.username_for(claims, contoso.connection, trust) == "adele@contoso.com"
        UserFactory.create(username="Adele@contoso.com")
        from azuread_connections.login.log.failures import SignInFailed

        with pytest.raises(SignInFailed):
            usernames.username_for(claims, contoso.connection, trust)
        from dataclasses import replace

        assert usernames.username_for(replace(claims, upn=""), contoso.connection, trust).endswith(
            ".azuread.invalid"
        )
        field.max_length = 20
        long = usernames.username_for(
            replace(claims, upn="a-very-long-name@contoso.com"), contoso.connection, trust
        )
        assert len(long) == 20
        assert "@" not in long


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
        "ｍegan@contoso.com",  # not normalised (NFKC): the form would change it to another name
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
