"""Run by ``test_packages`` with django-allauth: people who signed in by it keep their users."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from allauth.socialaccount import app_settings
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from azuread_connections.models import Connection, Identity
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, error_code
from tests.factories import IdentityFactory, UserFactory

from .documented import code, first_cells, run

pytestmark = pytest.mark.django_db

PAGE = "coming-from-django-allauth.md"
REDIRECT_URIS = {
    "microsoft": "http://testserver/accounts/microsoft/login/callback/",
    "contoso-oidc": "http://testserver/accounts/oidc/contoso-oidc/login/callback/",
}


@pytest.fixture(autouse=True)
def apps(contoso: Company) -> None:
    """Both providers of django-allauth, pointed at the stand-in, with the connection's app."""
    contoso.app.redirect_uris += REDIRECT_URIS.values()
    url, directory = contoso.microsoft.url, contoso.directory.tenant_id
    known = {"client_id": contoso.app.client_id, "secret": contoso.app.secrets[0].value}
    SocialApp.objects.create(
        provider="microsoft",
        name="Contoso",
        settings={"tenant": directory, "login_url": url, "graph_url": f"{url}/graph"},
        **known,
    )
    SocialApp.objects.create(
        provider="openid_connect",
        provider_id="contoso-oidc",
        name="Contoso",
        settings={"server_url": f"{url}/{directory}/v2.0"},
        **known,
    )


def sign_in_by_allauth(contoso: Company, provider: str, person: Person | None = None) -> User:
    path = "microsoft" if provider == "microsoft" else f"oidc/{provider}"
    client = Client()
    begun = client.post(f"/accounts/{path}/login/")
    assert begun.status_code == 302, begun.content
    back = client.get(contoso.microsoft.sign_in(begun["Location"], person or contoso.person))
    assert back.status_code == 302, back.content
    return User.objects.get(pk=client.session["_auth_user_id"])


def tie(provider: str = "microsoft", *options: str) -> list[str]:
    command = run(PAGE, "command: tie_allauth_accounts")["Command"]()
    output = StringIO()
    call_command(command, provider, "contoso", *options, stdout=output)
    return output.getvalue().splitlines()


@pytest.mark.parametrize("provider", REDIRECT_URIS)
def test_who_signed_in_by_allauth_keeps_their_user(contoso: Company, provider: str) -> None:
    user = sign_in_by_allauth(contoso, provider)
    assert tie(provider, "--dry-run") == [f"{user}: tied"]
    assert not Identity.objects.exists()
    assert tie(provider) == [f"{user}: tied"]
    assert tie(provider) == [f"{user}: was tied"]
    client = Client()
    assert contoso.sign_in(client).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert User.objects.count() == 1
    # Both go on to work.
    assert sign_in_by_allauth(contoso, provider) == user


def test_without_the_command_they_are_new(contoso: Company) -> None:
    sign_in_by_allauth(contoso, "microsoft")
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.count() == 2


def test_staff_is_skipped_unless_asked_for(contoso: Company) -> None:
    user = sign_in_by_allauth(contoso, "microsoft")
    User.objects.update(is_staff=True)
    [line] = tie()
    assert line == f"{user}: skipped, staff: is {contoso.person.object_id} really theirs?"
    assert not Identity.objects.exists()
    assert tie("microsoft", "--staff") == [f"{user}: tied"]


def test_a_deactivated_user_stays_refused(contoso: Company) -> None:
    sign_in_by_allauth(contoso, "microsoft")
    User.objects.update(is_active=False)
    tie()
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    assert User.objects.count() == 1


def test_a_person_who_is_tied_already_stays_so(contoso: Company) -> None:
    sign_in_by_allauth(contoso, "microsoft")
    other = UserFactory.create(username="other")
    IdentityFactory.create(
        user=other,
        tenant_id=contoso.directory.tenant_id,
        object_id=contoso.person.object_id,
    )
    [line] = tie()
    assert line.endswith(f"{contoso.person.object_id} is tied to other")
    assert Identity.objects.get().user == other


GUID = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
OTHER = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


@pytest.mark.parametrize(
    ("uid", "data"),
    [
        ("0123456789abcdef", {"id": "0123456789abcdef"}),  # a personal account
        (GUID, {}),
        (GUID, {"id": "another"}),
        ("pairwise", {"id_token": {"sub": "pairwise", "oid": GUID, "tid": OTHER}}),
        ("pairwise", {"id_token": {"sub": "pairwise", "oid": GUID}}),
        ("pairwise", {"userinfo": {"sub": "pairwise"}}),
        (GUID, {"id": GUID, "oid": GUID, "tid": OTHER}),
    ],
)
def test_accounts_that_do_not_say_who_it_is_are_skipped(
    contoso: Company, uid: str, data: dict[str, Any]
) -> None:
    user = UserFactory.create(username="adele")
    SocialAccount.objects.create(user=user, provider="microsoft", uid=uid, extra_data=data)
    assert tie() == ["adele: skipped, not an account of this directory"]
    assert not Identity.objects.exists()


def test_a_connection_whose_directory_is_unknown_is_refused(contoso: Company) -> None:
    Connection.objects.update(tenant_id="")
    with pytest.raises(CommandError):
        tie()


def test_the_way_back(contoso: Company) -> None:
    contoso.sign_in(Client())
    user = User.objects.get()
    exec(code(PAGE, "script: back_to_allauth"), {})
    assert sign_in_by_allauth(contoso, "microsoft") == user
    assert User.objects.count() == 1


def test_each_setting_of_allauths_has_a_row() -> None:
    """All of the installed version: a new one fails this test."""
    rows = first_cells(PAGE, "Settings")
    names = [name for name in dir(type(app_settings._app_settings)) if name.isupper()]
    assert len(names) > 10
    missing = [
        name for name in names if f"SOCIALACCOUNT_{name.removeprefix('SOCIALACCOUNT_')}" not in rows
    ]
    assert not missing
