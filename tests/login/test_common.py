"""The common endpoint: people of any directory, and who of them may come in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections import signals
from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.models import Application, Connection, Directory, Event, Identity
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Directory as TheirDirectory
from tests.company import Company, error_code
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture
def everybody(microsoft: StandIn, application: Application) -> Company:
    """A connection on the common endpoint, of an app that is registered at Contoso."""
    company = Company.create(
        microsoft, application, name="everybody", use_common_endpoint=True, new_directories="accept"
    )
    company.app.multi_tenant = True
    company.app.personal_accounts = True
    return company


@pytest.fixture
def northwind(microsoft: StandIn, everybody: Company) -> TheirDirectory:
    directory = microsoft.add_directory("northwindtraders.com")
    everybody.app.grant(directory)
    return directory


def assert_refused(response: Any, code: str) -> None:
    assert (response.status_code, error_code(response)) == (403, code)
    assert not Identity.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("api", ["v2.0", "v1.0"])
def test_a_new_directory_comes_in_where_it_is_accepted(
    everybody: Company, northwind: TheirDirectory, client: Client, api: str
) -> None:
    Connection.objects.update(identity_api=api)
    url = everybody.start(client)
    assert urlsplit(url).path.split("/")[1] == "common"
    person = northwind.add_person("Patti Fernandez")

    assert everybody.come_back(client, url, person).status_code == 302

    row = Directory.objects.get(tenant_id=northwind.tenant_id)
    assert (row.status, row.domain) == ("allowed", "northwindtraders.com")
    assert row.last_seen_at
    identity = Identity.objects.get()
    assert identity.tenant_id == northwind.tenant_id
    # Of another directory, so the name and the address are not believed.
    assert identity.user.get_username() == f"{person.object_id}@{northwind.tenant_id}"
    assert User.objects.get().email == ""


def test_the_connections_own_directory_needs_no_approval(
    everybody: Company, client: Client
) -> None:
    Connection.objects.update(new_directories="listed")
    assert everybody.sign_in(client).status_code == 302
    assert User.objects.get().username == "adele.vance@contoso.com"


def test_a_new_directory_waits_where_it_is_held(
    everybody: Company, northwind: TheirDirectory, client: Client
) -> None:
    heard: list[Any] = []

    def listen(directory: Directory, **kwargs: Any) -> None:
        heard.append(directory.tenant_id)

    Connection.objects.update(new_directories="hold")
    person = northwind.add_person("Patti Fernandez")
    signals.directory_waiting.connect(listen)
    try:
        response = everybody.sign_in(client, person)
        assert_refused(response, "directory_waiting")
        assert_refused(everybody.sign_in(client, person), "directory_waiting")
    finally:
        signals.directory_waiting.disconnect(listen)
    assert "Your organisation&#x27;s request is waiting" in response.content.decode()
    assert heard == [northwind.tenant_id]
    waiting = Directory.objects.get(status="waiting")
    waiting.status = Directory.Status.ALLOWED
    waiting.save()
    assert waiting.admitted_by == "administrator"
    assert everybody.sign_in(client, person).status_code == 302


@pytest.mark.parametrize("policy", ["accept", "hold", "listed"])
def test_a_refused_directory_stays_out_under_every_policy(
    everybody: Company, northwind: TheirDirectory, client: Client, policy: str
) -> None:
    Connection.objects.update(new_directories=policy)
    everybody.connection.directories.create(tenant_id=northwind.tenant_id, status="refused")
    response = everybody.sign_in(client, northwind.add_person("Patti Fernandez"))
    assert_refused(response, "directory_refused")


def test_only_listed_directories_come_in_where_the_connection_says_so(
    everybody: Company, northwind: TheirDirectory, client: Client
) -> None:
    Connection.objects.update(new_directories="listed")
    person = northwind.add_person("Patti Fernandez")
    assert_refused(everybody.sign_in(client, person), "directory_refused")
    assert not Directory.objects.filter(tenant_id=northwind.tenant_id).exists()
    assert northwind.tenant_id in Event.objects.get().message
    everybody.connection.directories.create(tenant_id=northwind.tenant_id)
    assert everybody.sign_in(client, person).status_code == 302


def test_a_directory_of_another_connection_does_not_come_in_this_way(
    everybody: Company, northwind: TheirDirectory, client: Client
) -> None:
    """Or a common endpoint would be the way around a stricter connection."""
    ConnectionFactory.create(name="northwind", tenant_id=northwind.tenant_id)
    person = northwind.add_person("Patti Fernandez")
    assert_refused(everybody.sign_in(client, person), "directory_refused")
    everybody.connection.directories.create(tenant_id=northwind.tenant_id)
    assert everybody.sign_in(client, person).status_code == 302


def test_personal_accounts_come_in_only_where_they_are_listed(
    everybody: Company, microsoft: StandIn, client: Client
) -> None:
    person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")
    assert_refused(everybody.sign_in(client, person), "directory_refused")
    everybody.connection.directories.create(tenant_id=PERSONAL_TENANT_ID)
    response = everybody.sign_in(client, person)
    assert response.status_code == 302, error_code(response)
    assert User.objects.get().email == ""


@pytest.mark.parametrize(
    "claims",
    [
        # The issuer of another directory than the token names, and the template itself.
        {"tid": GUID},
        {"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{GUID}/v2.0", "tid": GUID},
    ],
)
def test_the_issuer_is_the_one_of_the_tokens_own_directory(
    everybody: Company, client: Client, claims: dict[str, str]
) -> None:
    def tamper(header: dict[str, Any], token: dict[str, Any]) -> None:
        token.update(claims)

    everybody.microsoft.tamper_id_token(tamper)
    response = everybody.sign_in(client)
    assert (response.status_code, error_code(response)) == (502, "id_token_invalid")


def test_a_key_of_the_personal_tenant_signs_for_no_company(
    everybody: Company, microsoft: StandIn, client: Client
) -> None:
    """A key in the common set whose own issuer is one tenant is good for that one only."""
    person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")
    tenant_id = everybody.directory.tenant_id

    def pretend(header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["iss"] = claims["iss"].replace(PERSONAL_TENANT_ID, tenant_id)
        claims["tid"] = tenant_id

    microsoft.tamper_id_token(pretend)
    response = everybody.sign_in(client, person)
    assert (response.status_code, error_code(response)) == (502, "id_token_invalid")
    assert "not for this directory" in Event.objects.get().message


def test_a_single_directory_app_on_the_common_endpoint_is_explained(
    everybody: Company, client: Client
) -> None:
    everybody.app.multi_tenant = False
    everybody.app.personal_accounts = False
    response = everybody.sign_in(client)
    assert (response.status_code, error_code(response)) == (502, "microsoft_error")
    assert Event.objects.get().aadsts_code == 50194


def test_switching_to_the_common_endpoint_keeps_every_user(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    contoso.app.multi_tenant = True
    Connection.objects.update(use_common_endpoint=True, new_directories="listed")
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.count() == 1


def test_a_sign_in_started_before_the_switch_ends(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    Connection.objects.update(use_common_endpoint=True)
    response = contoso.come_back(client, url)
    assert (response.status_code, error_code(response)) == (400, "transaction_expired")
