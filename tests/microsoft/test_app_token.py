"""The Users API: Graph with the app's own permissions."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache

from azuread_connections.cache import ForgivingCache
from azuread_connections.entra.errors import CredentialRejected, MicrosoftError
from azuread_connections.entra.graph import GraphError
from azuread_connections.microsoft import app_token as app_access
from azuread_connections.microsoft.app_token import UsersApiDisabled, forget_token, graph_of
from azuread_connections.models import Application, Connection, Credential
from azuread_connections.models.credential import NoUsableCredential
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    company = Company.create(microsoft, application, enable_users_api=True)
    company.app.grant(company.directory, application=["User.Read.All"])
    for name in ("Megan Bowen", "Diego Siciliani", "Lynne Robbins"):
        company.directory.add_person(name)
    return company


def connection() -> Connection:
    return Connection.objects.get()


GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


def test_while_the_option_is_off_there_is_no_client(contoso: Company) -> None:
    with pytest.raises(UsersApiDisabled):
        graph_of(connection())
    assert contoso.microsoft.count() == 0


@pytest.mark.parametrize("api", ["v2.0", "v1.0"])
def test_users_are_found_who_never_signed_in(company: Company, api: str) -> None:
    Connection.objects.update(identity_api=api)
    page = graph_of(connection()).users("meg")
    assert [user.name for user in page.users] == ["Megan Bowen"]
    assert page.users[0].user_principal_name == "megan.bowen@contoso.com"
    assert page.next_link == ""


def test_pages_follow_one_another(company: Company) -> None:
    graph = graph_of(connection())
    page = graph.users(size=3)
    assert len(page.users) == 3
    page = graph.users_page(page.next_link)
    assert (len(page.users), page.next_link) == (1, "")


@pytest.mark.parametrize(
    "search", ['"', "\\", '") or (1=1', "a" * 300, "é%20&$filter=x", "' OR displayName:A"]
)
def test_odd_searches_are_searched_for(company: Company, search: str) -> None:
    assert graph_of(connection()).users(search).users == ()


def test_a_link_to_another_host_is_not_followed(company: Company) -> None:
    graph = graph_of(connection())
    before = company.microsoft.count()
    for link in ("https://evil.example.net/v1.0/users", company.microsoft.url, "", "/v1.0/users"):
        with pytest.raises(Exception, match="on another host"):
            graph.users_page(link)
    assert company.microsoft.count() == before


def test_the_token_is_requested_once_and_stored_encrypted(company: Company) -> None:
    for _ in range(3):
        graph_of(connection()).users()
    assert company.microsoft.count("token") == 1
    token = graph_of(connection()).access_token
    stored = cache.get(app_access._cache_key(connection()))
    assert stored.startswith("encrypted:")
    assert token not in stored
    assert token not in repr(graph_of(connection()))


def test_a_token_that_no_key_opens_is_requested_again(company: Company, settings: Any) -> None:
    graph_of(connection())
    other = "YW5vdGhlci1hbm90aGVyLWFub3RoZXItYW5vdGhlciE="
    keys = settings.AZUREAD_CONNECTIONS["ENCRYPTION_KEYS"]
    settings.AZUREAD_CONNECTIONS |= {"ENCRYPTION_KEYS": [other]}
    with pytest.raises(NoUsableCredential, match="ENCRYPTION_KEYS"):
        graph_of(connection())
    settings.AZUREAD_CONNECTIONS |= {"ENCRYPTION_KEYS": [other, *keys]}
    graph_of(connection())


def test_a_missing_permission_is_reported_as_one(company: Company) -> None:
    company.app.revoke(company.directory)
    company.app.grant(company.directory, application=[])
    with pytest.raises(GraphError) as caught:
        graph_of(connection()).users()
    assert caught.value.is_permission_missing


def test_a_refused_secret_is_followed_by_the_next(company: Company) -> None:
    CredentialFactory.create(connection=company.connection, value="wrong-secret")
    graph_of(connection()).users()
    assert company.microsoft.count("token") == 2
    assert Credential.objects.get(hint="wro").is_refused()


def test_a_missing_usable_secret_is_reported(company: Company) -> None:
    Credential.objects.all().delete()
    with pytest.raises(NoUsableCredential):
        graph_of(connection())
    CredentialFactory.create(connection=company.connection, value="wrong-secret")
    with pytest.raises(CredentialRejected):
        graph_of(connection())


def test_a_directory_without_the_app_is_reported(company: Company) -> None:
    company.microsoft.fault("token", aadsts=7000229)
    with pytest.raises(MicrosoftError) as caught:
        graph_of(connection())
    assert caught.value.aadsts_code == 7000229


def test_a_forgotten_token_is_requested_again(company: Company) -> None:
    graph_of(connection())
    forget_token(connection())
    graph_of(connection())
    assert company.microsoft.count("token") == 2


def test_an_apps_token_is_of_one_registration_and_directory_and_given_up_in_time(
    contoso, microsoft
):
    from azuread_connections.entra.tokens import AppToken
    from azuread_connections.microsoft import app_token as app_access

    Connection.objects.update(enable_users_api=True)
    connection = Connection.objects.get()
    with mock.patch.object(
        app_access, "request_app_token", side_effect=[AppToken(name, 3599) for name in "abc"]
    ):
        assert app_access.app_token(connection) == app_access.app_token(connection) == "a"
        connection.client_id = GUID
        assert app_access.app_token(connection) == "b"
        connection.tenant_id = GUID
        assert app_access.app_token(connection) == "c"


def test_a_token_is_cached_for_less_than_its_life(contoso):
    from azuread_connections.entra.tokens import AppToken
    from azuread_connections.microsoft import app_token as app_access

    Connection.objects.update(enable_users_api=True)
    with (
        mock.patch.object(app_access, "request_app_token", return_value=AppToken("a", 3599)),
        mock.patch.object(ForgivingCache, "set") as kept,
    ):
        app_access.app_token(Connection.objects.get())
    assert kept.call_args.args[2] < 3599
