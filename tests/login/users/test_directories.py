"""Automatically accepted directories are always checked against the current policy and pins."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.test import Client, RequestFactory

from azuread_connections import signals
from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.log.failures import SignInFailed
from azuread_connections.login.users import directories
from azuread_connections.models import (
    Application,
    Connection,
    Directory,
    Event,
    Identity,
    Revocation,
)
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Directory as TheirDirectory
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, error_code
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


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


@pytest.fixture
def patti(northwind: TheirDirectory) -> Person:
    return northwind.add_person("Patti Fernandez")


@pytest.fixture
def inside(everybody: Company, patti: Person, client: Client) -> Client:
    """Patti's browser, signed in while her directory was accepted automatically."""
    assert everybody.sign_in(client, patti).status_code == 302
    assert is_signed_in(client)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/login/profile").status_code == 200


def row_of(directory: TheirDirectory) -> Directory:
    return Directory.objects.get(tenant_id=directory.tenant_id, connection__name="everybody")


# --- The current policy ---------------------------------------------------------------------------


def assert_refused(response: Any, code: str) -> None:
    assert (response.status_code, error_code(response)) == (403, code)
    assert not Identity.objects.exists()
    assert not User.objects.exists()


def test_a_directory_says_who_let_it_in(
    everybody: Company, northwind: TheirDirectory, inside: Client
) -> None:
    assert row_of(northwind).admitted_by == "itself"
    assert row_of(everybody.directory).admitted_by == "own"
    assert everybody.connection.directories.create(tenant_id=GUID).admitted_by == "administrator"


@pytest.mark.parametrize(
    ("policy", "code"), [("hold", "directory_waiting"), ("listed", "directory_refused")]
)
def test_a_stricter_policy_ends_automatic_acceptance(
    everybody: Company,
    northwind: TheirDirectory,
    patti: Person,
    inside: Client,
    policy: str,
    code: str,
) -> None:
    Connection.objects.update(new_directories=policy)
    assert not is_signed_in(inside)
    response = everybody.sign_in(inside, patti)
    assert (response.status_code, error_code(response)) == (403, code)
    # The connection's own directory is not affected.
    assert everybody.sign_in(Client()).status_code == 302


def test_holding_it_asks_an_administrator_once(
    everybody: Company, northwind: TheirDirectory, patti: Person, inside: Client
) -> None:
    heard: list[str] = []

    def listen(directory: Directory, **kwargs: Any) -> None:
        heard.append(directory.tenant_id)

    Connection.objects.update(new_directories="hold")
    signals.directory_waiting.connect(listen)
    try:
        for _ in range(2):
            assert everybody.sign_in(Client(), patti).status_code == 403
    finally:
        signals.directory_waiting.disconnect(listen)
    assert heard == [northwind.tenant_id]
    assert Event.objects.filter(kind="directory_waiting").count() == 1
    assert row_of(northwind).status == "waiting"
    # It is not accepted automatically again.
    Connection.objects.update(new_directories="accept")
    assert everybody.sign_in(Client(), patti).status_code == 403
    row_of(northwind).decide(Directory.Status.ALLOWED)
    assert everybody.sign_in(Client(), patti).status_code == 302


def test_a_status_set_by_a_query_is_an_administrators_decision(
    everybody: Company, northwind: TheirDirectory, patti: Person
) -> None:
    Connection.objects.update(new_directories="hold")
    assert everybody.sign_in(Client(), patti).status_code == 403
    Directory.objects.filter(status="waiting").update(status="allowed")
    assert everybody.sign_in(Client(), patti).status_code == 302
    assert row_of(northwind).admitted_by == Directory.AdmittedBy.ADMINISTRATOR


@pytest.mark.parametrize("policy", ["accept", "hold", "listed"])
def test_a_directory_that_an_administrator_allowed_stays_allowed(
    everybody: Company, northwind: TheirDirectory, patti: Person, inside: Client, policy: str
) -> None:
    row_of(northwind).decide(Directory.Status.ALLOWED)
    Connection.objects.update(new_directories=policy)
    ConnectionFactory.create(name="strict", tenant_id=northwind.tenant_id)
    assert is_signed_in(inside)
    assert everybody.sign_in(Client(), patti).status_code == 302


def test_a_trial_judges_in_the_same_way_and_writes_nothing(
    everybody: Company, northwind: TheirDirectory, inside: Client
) -> None:
    Connection.objects.update(new_directories="hold")
    everybody.connection.refresh_from_db()
    with pytest.raises(SignInFailed, match="directory_waiting"):
        directories.check(everybody.connection, IdTokenClaims(northwind.tenant_id, GUID))
    assert row_of(northwind).status == "allowed"


# --- The current pins -----------------------------------------------------------------------------


def pin_by_saving(northwind: TheirDirectory) -> None:
    ConnectionFactory.create(name="strict", tenant_id=northwind.tenant_id)


def pin_by_the_domain(northwind: TheirDirectory) -> None:
    ConnectionFactory.create(name="strict", domain=northwind.domain).pin(northwind.tenant_id)


@pytest.mark.parametrize("pin", [pin_by_saving, pin_by_the_domain])
def test_pinning_a_directory_holds_it_where_it_came_in_by_itself(
    everybody: Company, northwind: TheirDirectory, patti: Person, inside: Client, pin: Any
) -> None:
    pin(northwind)
    assert row_of(northwind).status == "waiting"
    event = Event.objects.get(kind="directory_waiting")
    assert event.connection == everybody.connection
    assert northwind.tenant_id in event.message
    assert not is_signed_in(inside)
    response = everybody.sign_in(inside, patti)
    assert (response.status_code, error_code(response)) == (403, "directory_waiting")
    # Saved again, it logs nothing more.
    Connection.objects.get(name="strict").save()
    assert Event.objects.filter(kind="directory_waiting").count() == 1
    row_of(northwind).decide(Directory.Status.ALLOWED)
    assert everybody.sign_in(Client(), patti).status_code == 302


def test_a_pin_counts_however_it_was_stored(
    everybody: Company, northwind: TheirDirectory, patti: Person, inside: Client
) -> None:
    strict = ConnectionFactory.create(name="strict")
    Connection.objects.filter(pk=strict.pk).update(tenant_id=northwind.tenant_id)
    assert not is_signed_in(inside)
    response = everybody.sign_in(inside, patti)
    assert (response.status_code, error_code(response)) == (403, "directory_refused")
    assert "Another connection has this directory as its own" in Event.objects.latest("pk").message


def test_ones_own_directory_is_not_held_by_another_connections_pin(
    everybody: Company, client: Client
) -> None:
    everybody.sign_in(client)
    ConnectionFactory.create(name="strict", tenant_id=everybody.directory.tenant_id)
    assert is_signed_in(client)
    assert everybody.sign_in(Client()).status_code == 302


@pytest.mark.parametrize(
    ("here", "there", "is_same"),
    [
        ("global", "global", True),
        ("usgov", "dod", True),
        ("dod", "usgov", True),
        ("dod", "dod", True),
        ("global", "usgov", False),
        ("usgov", "china", False),
        ("china", "dod", False),
    ],
)
@pytest.mark.parametrize("came_first", [True, False])
def test_pins_go_by_login_host(here: str, there: str, is_same: bool, came_first: bool) -> None:
    common = ConnectionFactory.create(
        name="common", cloud=here, use_common_endpoint=True, new_directories="accept"
    )
    claims = IdTokenClaims(GUID, GUID)
    strict = ConnectionFactory.build(name="strict", cloud=there, tenant_id=GUID)
    if came_first:
        assert directories.admit(common, claims)
        assert common.directories.welcome().exists()
    strict.save()
    if is_same:
        with pytest.raises(SignInFailed):
            directories.admit(common, claims)
        # Whatever the row says.
        common.directories.update_or_create(
            tenant_id=GUID, defaults={"admitted_by": "itself", "status": "allowed"}
        )
        common.directories.update(admitted_by="itself")
        assert not common.directories.welcome().exists()
        with pytest.raises(SignInFailed, match="Another connection"):
            directories.admit(common, claims)
    else:
        assert directories.admit(common, claims)
        assert common.directories.welcome().exists()


# --- The trusted directory changes ----------------------------------------------------------------


@pytest.mark.parametrize("by_columns", [True, False])
@pytest.mark.parametrize("common", [True, False])
def test_when_the_trust_moves_people_and_sessions_of_the_former_directory_end(
    everybody: Company, northwind: TheirDirectory, client: Client, common: bool, by_columns: bool
) -> None:
    connection, contoso = everybody.connection, everybody.directory
    Connection.objects.update(use_common_endpoint=common)
    connection.refresh_from_db()
    everybody.sign_in(client)
    group = Group.objects.create(name="staff")
    identity = Identity.objects.get()
    identity.user.groups.add(group)
    identity.group_grants.create(connection=connection, group=group)

    connection.domain, connection.tenant_id = northwind.domain, northwind.tenant_id
    connection.save(**({"update_fields": ["domain", "tenant_id"]} if by_columns else {}))

    assert not is_signed_in(client)
    assert not identity.user.groups.exists()
    event = Event.objects.get(kind="directory_moved")
    assert contoso.tenant_id in event.message
    assert northwind.tenant_id in event.message
    assert row_of(contoso).status == "refused"
    assert row_of(northwind).status == "allowed"
    if common:
        response = everybody.sign_in(client)
        assert (response.status_code, error_code(response)) == (403, "directory_refused")

    # Trusted again: its people can sign in, but earlier sessions are not restored.
    connection.domain, connection.tenant_id = contoso.domain, contoso.tenant_id
    connection.save()
    assert row_of(contoso).status == "allowed"
    assert everybody.sign_in(Client()).status_code == 302


def test_a_session_does_not_come_back_with_the_trust(
    everybody: Company, northwind: TheirDirectory, client: Client
) -> None:
    connection, contoso = everybody.connection, everybody.directory
    everybody.sign_in(client)
    for tenant_id in (northwind.tenant_id, contoso.tenant_id):
        connection.tenant_id = tenant_id
        connection.save()
    assert Revocation.objects.filter(subject=f"directory:{contoso.tenant_id}").exists()
    assert not is_signed_in(client)


def test_a_former_directory_stays_out_however_the_pin_was_moved(
    everybody: Company, northwind: TheirDirectory, client: Client
) -> None:
    everybody.sign_in(client)
    Connection.objects.update(tenant_id=northwind.tenant_id)
    assert not is_signed_in(client)
    response = everybody.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "directory_refused")


def test_saving_without_a_move_ends_nothing(everybody: Company, client: Client) -> None:
    everybody.sign_in(client)
    everybody.connection.display_name = "Everybody"
    everybody.connection.save()
    assert is_signed_in(client)
    assert not Event.objects.filter(kind="directory_moved").exists()


def test_a_refusal_of_the_own_directory_is_not_undone_by_saving(everybody: Company) -> None:
    row_of(everybody.directory).decide(Directory.Status.REFUSED)
    everybody.connection.save()
    assert row_of(everybody.directory).status == "refused"


def test_a_waiting_directory_is_allowed_when_it_becomes_the_connections_own(
    everybody: Company, northwind: TheirDirectory, patti: Person
) -> None:
    Connection.objects.update(new_directories="hold")
    everybody.sign_in(Client(), patti)
    assert row_of(northwind).status == "waiting"
    connection = Connection.objects.get()
    connection.tenant_id = northwind.tenant_id
    connection.save()
    assert (row_of(northwind).status, row_of(northwind).admitted_by) == ("allowed", "own")


# --- Personal accounts ----------------------------------------------------------------------------


def discovery_of_personal_accounts(microsoft: StandIn) -> None:
    base = f"{microsoft.url}/{PERSONAL_TENANT_ID}"
    document = {"issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token"}
    microsoft.fault(
        "discovery",
        times=None,
        status=200,
        body=json.dumps(document),
        content_type="application/json",
    )


def test_no_connection_is_pinned_to_personal_accounts() -> None:
    connection = ConnectionFactory.build(tenant_id=PERSONAL_TENANT_ID)
    with pytest.raises(ValidationError, match="personal Microsoft accounts"):
        connection.full_clean()
    with pytest.raises(ValidationError, match="personal Microsoft accounts"):
        connection.save()
    connection = ConnectionFactory.create()
    with pytest.raises(ValidationError, match="personal Microsoft accounts"):
        connection.pin(PERSONAL_TENANT_ID)
    connection.refresh_from_db()
    assert connection.tenant_id == ""


def test_a_callback_pins_no_personal_accounts(
    contoso: Company, microsoft: StandIn, client: Client
) -> None:
    Connection.objects.update(tenant_id="")
    discovery_of_personal_accounts(microsoft)
    response = contoso.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "directory_refused")
    assert Connection.objects.get().tenant_id == ""


def test_a_connection_that_was_pinned_to_them_before_lets_none_in(client: Client) -> None:
    connection = ConnectionFactory.create()
    Connection.objects.update(tenant_id=PERSONAL_TENANT_ID)
    connection.refresh_from_db()
    with pytest.raises(SignInFailed, match="directory_refused"):
        directories.admit(connection, IdTokenClaims(PERSONAL_TENANT_ID, GUID))
    with pytest.raises(SignInFailed, match="directory_refused"):
        directories.check(connection, IdTokenClaims(PERSONAL_TENANT_ID, GUID))


# --- A refused directory's row --------------------------------------------------------------------


def test_a_refused_directory_cannot_be_deleted(everybody: Company) -> None:
    refused = everybody.connection.directories.create(tenant_id=GUID, status="refused")
    for delete in (
        refused.delete,
        everybody.connection.directories.all().delete,
        Directory.objects.filter(tenant_id=GUID).delete,
    ):
        with pytest.raises(ProtectedError, match="approve it"):
            delete()
    assert Directory.objects.filter(pk=refused.pk).exists()
    # A stale object has no effect.
    refused.status = "waiting"
    with pytest.raises(ProtectedError):
        refused.delete()
    refused.save()
    refused.delete()
    assert not Directory.objects.filter(tenant_id=GUID).exists()


@pytest.mark.parametrize("in_bulk", [True, False])
def test_a_connection_with_a_refused_directory_can_be_deleted(
    everybody: Company, in_bulk: bool
) -> None:
    everybody.connection.directories.create(tenant_id=GUID, status="refused")
    if in_bulk:
        Connection.objects.all().delete()
    else:
        everybody.connection.delete()
    assert not Directory.objects.exists()


def test_only_the_own_directorys_grants_are_known_and_noted(contoso):
    from azuread_connections.login.lookup import enabled
    from azuread_connections.login.users import directories

    other = Directory.objects.create(
        connection=contoso.connection,
        tenant_id="11112222-bbbb-3333-cccc-4444dddd5555",
        delegated_scopes="User.Read",
    )
    keys = contoso.connection.enabledconnection_set.values_list("application", "connection").get()
    target = enabled.still_enabled(RequestFactory().get("/"), *keys)
    assert target.known_scopes == ""
    contoso.connection.directories.exclude(pk=other.pk).update(delegated_scopes="Mail.Read")
    assert enabled.still_enabled(RequestFactory().get("/"), *keys).known_scopes == "Mail.Read"
    directories.note_scopes(contoso.connection, contoso.directory.tenant_id, "", ["User.Read.All"])
    other.refresh_from_db()
    assert other.delegated_scopes == "User.Read"


def test_pinned_elsewhere_means_by_another_connection_of_the_same_cloud(everybody, client):
    Directory.objects.all().delete()
    assert everybody.sign_in(client).status_code == 302  # its own pin does not matter
    Directory.objects.all().delete()
    Identity.objects.all().delete()
    User.objects.all().delete()
    ConnectionFactory.create(name="china", cloud="china", tenant_id=everybody.directory.tenant_id)
    assert everybody.sign_in(Client()).status_code == 302


@pytest.mark.parametrize("api", ["v2.0", "v1.0"])
def test_a_new_directory_is_allowed_where_the_policy_accepts_it(
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
    # Of another directory, so the name and the address are not trusted.
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


def test_only_listed_directories_are_allowed_where_the_policy_refuses_others(
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
    """Otherwise a common endpoint would bypass a stricter connection."""
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
