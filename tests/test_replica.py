"""Whole flows on a site that reads from a replica, which has none of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from azuread_connections.models import (
    Application,
    Connection,
    Directory,
    EnabledConnection,
    Identity,
    Revocation,
)
from azuread_connections.models.primary import read_primary
from azuread_connections.setup.links import create_link, revoke
from azuread_connections.testing import StandIn
from tests.company import Company, error_code
from tests.factories import UserFactory
from tests.replica import SITES, read_from_replica_behind_ours
from tests.setup.customer import Customer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("replica")]


@pytest.fixture(autouse=True, params=SITES, ids=lambda site: site.__name__)
def _site(request: pytest.FixtureRequest, settings: Any) -> None:
    request.param(settings)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def profile(browser: Client) -> dict[str, Any]:
    """What the site knows of who is signed in; {} if nobody is."""
    response = browser.get("/login/profile")
    return dict(response.json()) if response.status_code == 200 else {}


def users() -> Any:
    return read_primary(User)


def test_a_first_sign_in_and_a_second(contoso: Company, client: Client) -> None:
    for browser in (client, Client()):
        assert contoso.sign_in(browser)["Location"] == "/"
        assert profile(browser)["object_id"] == contoso.person.object_id
    assert (users().count(), Identity.objects.count()) == (1, 1)


def test_a_sign_in_gives_groups_and_takes_them(contoso: Company, client: Client) -> None:
    group = Group(name="Engineering")
    group.save()
    Connection.objects.update(security_groups=True)
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    team = contoso.directory.add_group("Engineering", members=[contoso.person])
    contoso.connection.group_mappings.create(directory_group_id=team.object_id, group=group)
    contoso.sign_in(client)
    assert users().filter(groups=group).exists()

    team.remove(contoso.person)
    contoso.sign_in(Client())
    assert not users().filter(groups=group).exists()


def test_an_email_address_links_to_a_user(contoso: Company, client: Client, settings: Any) -> None:
    # Whether the user holds permissions is asked by Django's backend.
    read_from_replica_behind_ours(settings)
    user = User(username="adele", email=contoso.person.upn)
    user.save()
    Connection.objects.update(link_by_email=True)
    contoso.sign_in(client)
    assert Identity.objects.get().user == user


def test_a_user_with_permissions_is_not_linked(
    contoso: Company, client: Client, settings: Any
) -> None:
    read_from_replica_behind_ours(settings)
    user = User(username="adele", email=contoso.person.upn)
    user.save()
    user.user_permissions.add(read_primary(Permission).first())
    Connection.objects.update(link_by_email=True)
    assert error_code(contoso.sign_in(client)) == "user_refused"


def test_a_username_in_use_is_not_given_again(contoso: Company, client: Client) -> None:
    User(username=contoso.person.upn).save()
    contoso.sign_in(client)
    assert Identity.objects.get().user.username != contoso.person.upn
    assert users().count() == 2


def test_a_callback_counts_once(contoso: Company, client: Client) -> None:
    back = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    cookies = client.cookies.copy()
    assert client.get(back).status_code == 302
    again = Client()
    again.cookies = cookies
    assert error_code(again.get(back)) == "transaction_expired"


def test_an_api_knows_a_revocation_at_once(contoso: Company, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.rest_framework.urls"
    contoso.sign_in(Client())
    token = contoso.microsoft.mint_api_token(
        contoso.directory, contoso.app, contoso.person, scopes=["Files.Read"]
    )
    header = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/me", headers=header).status_code == 200
    end_sessions(contoso)
    assert Client().get("/api/me", headers=header).status_code == 401


def test_signing_out_ends_the_session(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert client.post("/login/logout").status_code == 302
    assert not profile(client)


def disconnect_application(contoso: Company) -> None:
    EnabledConnection.objects.all().delete()


def end_sessions(contoso: Company) -> None:
    Revocation.of_identity(contoso.connection, Identity.objects.get().pk)


def deactivate_user(contoso: Company) -> None:
    users().update(is_active=False)


def delete_identity(contoso: Company) -> None:
    Identity.objects.get().delete()


def refuse_directory(contoso: Company) -> None:
    Connection.objects.update(use_common_endpoint=True)
    Directory.objects.update(status=Directory.Status.REFUSED)


@pytest.mark.parametrize(
    "end",
    [disconnect_application, end_sessions, deactivate_user, delete_identity, refuse_directory],
)
def test_a_session_ends_at_once(
    end: Callable[[Company], None], contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    assert profile(client)
    end(contoso)
    assert not profile(client)


def test_a_connection_that_was_switched_off_begins_no_sign_in(
    contoso: Company, client: Client
) -> None:
    authorize_url = contoso.start(client)
    disconnect_application(contoso)
    assert error_code(contoso.come_back(client, authorize_url)) == "connection_disabled"
    assert error_code(client.get("/login/contoso/")) == "connection_disabled"
    assert "Contoso" not in client.get("/login/").content.decode()


def test_a_connection_that_was_just_created_is_found(contoso: Company, client: Client) -> None:
    assert contoso.connection.label in client.get("/login/").content.decode()
    page = client.post("/login/", {"email": "adele@contoso.com"}).content.decode()
    assert "domain_hint=contoso.com" in page


def test_a_users_last_way_in_stays(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    identity = Identity.objects.get()
    refused = client.post("/login/profile/accounts", {"disconnect": identity.pk})
    assert error_code(refused) == "user_refused"
    assert Identity.objects.get() == identity


def test_a_set_up_link_works_once_and_until_it_is_revoked(
    microsoft: StandIn, application: Application, client: Client
) -> None:
    customer = Customer.create(microsoft, application, client)
    customer.go_on("register")
    assert customer.enter().status_code == 302
    assert customer.connection.client_id == customer.app.client_id
    assert customer.finish().status_code in {200, 302}

    made = create_link(name="Fabrikam", applications=[application])
    browser = Client()
    assert browser.post(made.path).status_code == 302
    assert revoke(made.link)
    assert browser.get(f"/login/setup/{made.link.reference}/register").status_code != 200
    assert Client().post(made.path).status_code != 302


def test_the_admin_shows_what_was_just_saved(
    contoso: Company, client: Client, settings: Any
) -> None:
    read_from_replica_behind_ours(settings)
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    page = client.get(f"/admin/azuread_connections/connection/{contoso.connection.pk}/change/")
    assert page.status_code == 200
    assert "contoso.com" in page.content.decode()
