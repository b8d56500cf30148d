"""Sign-ins over HTTP, and what a scrape says of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections import observation, signals
from azuread_connections.entra import observation as microsoft_observation
from azuread_connections.login.log.failures import FAILURES, Stage
from azuread_connections.metrics import instruments, labels, receivers, stored
from azuread_connections.models import Connection, Credential, Directory, Event
from azuread_connections.testing import StandIn
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company, error_code, query_of
from tests.factories import ConnectionFactory, CredentialFactory, FederatedFactory

from .scrape import Counting, get, series, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_again() -> None:
    stored.collector.forget()


def test_a_sign_in_is_counted(contoso: Company, client: Client) -> None:
    counting = Counting()
    assert contoso.sign_in(client).status_code == 302
    assert counting.changes("sign_ins_total") == {("contoso", "signed_in", "finished"): 1}
    assert counting.changes("users_created_total") == {("contoso",): 1}
    assert counting.changes("callback_seconds_count") == {("finished",): 1}
    assert counting.changes("microsoft_request_seconds_count") == {
        ("keys", "answered"): 1,
        ("token", "answered"): 1,
    }
    assert contoso.sign_in(Client()).status_code == 302
    assert counting.changes("users_created_total") == {("contoso",): 1}


def test_the_name_is_the_connections_not_the_one_in_the_address(
    contoso: Company, client: Client
) -> None:
    counting = Counting()
    location = client.get("/login/CONTOSO/")["Location"]
    assert contoso.come_back(client, location).status_code == 302
    assert counting.changes("sign_ins_total") == {("contoso", "signed_in", "finished"): 1}


def decline(contoso: Company, client: Client) -> Any:
    state = query_of(contoso.start(client))["state"]
    return client.get("/login/callback", {"state": state, "error": "access_denied"})


def refuse_secret(contoso: Company, client: Client) -> Any:
    contoso.microsoft.fault("token", aadsts=7000222)
    return contoso.sign_in(client)


def break_off(contoso: Company, client: Client) -> Any:
    contoso.microsoft.fault("token", status=503)
    return contoso.sign_in(client)


def publish_no_keys(contoso: Company, client: Client) -> Any:
    contoso.microsoft.fault("keys", status=200, body=b"{}", times=None)
    return contoso.sign_in(client)


def refuse_new_people(contoso: Company, client: Client) -> Any:
    Connection.objects.update(create_users=False)
    return contoso.sign_in(client)


def hold(contoso: Company, client: Client) -> Any:
    contoso.app.multi_tenant = True
    Connection.objects.update(use_common_endpoint=True)
    other = contoso.microsoft.add_directory("northwind.com")
    return contoso.sign_in(client, other.add_person("Diego Siciliani"))


def forge(contoso: Company, client: Client) -> Any:
    return client.get("/login/callback", {"state": "forged", "code": "forged"})


@pytest.mark.parametrize(
    ("fail", "labels_of_failure"),
    [
        (decline, ("contoso", "access_denied", "authorization")),
        (refuse_secret, ("contoso", "secret_rejected", "redemption")),
        (break_off, ("contoso", "microsoft_unreachable", "redemption")),
        (publish_no_keys, ("contoso", "microsoft_error", "validation")),
        (refuse_new_people, ("contoso", "user_refused", "user")),
        (forge, ("(none)", "transaction_missing", "callback")),
    ],
)
def test_a_failure_is_counted_with_its_code_and_stage(
    contoso: Company, client: Client, fail: Any, labels_of_failure: tuple[str, ...]
) -> None:
    counting = Counting()
    code = error_code(fail(contoso, client))
    assert counting.changes("sign_ins_total") == {labels_of_failure: 1}
    assert code == labels_of_failure[1]
    assert counting.changes("callback_seconds_count") == {("failed",): 1}


def test_a_refused_secret_and_its_request_are_counted(contoso: Company, client: Client) -> None:
    counting = Counting()
    refuse_secret(contoso, client)
    assert counting.changes("events_total") == {("contoso", "secret_refused"): 1}
    stored.collector.forget()
    assert series()["credentials_refused", ("contoso", "secret")] == 1
    contoso.microsoft.clear_faults()
    break_off(contoso, client)
    requests = counting.changes("microsoft_request_seconds_count")
    assert requests["token", "unreachable"] == 1


def test_a_directory_that_waits_is_shown(contoso: Company, client: Client) -> None:
    counting = Counting()
    assert error_code(hold(contoso, client)) == "directory_waiting"
    assert counting.changes("sign_ins_total") == {("contoso", "directory_waiting", "directory"): 1}
    assert counting.changes("events_total") == {("contoso", "directory_waiting"): 1}
    stored.collector.forget()
    assert series()["directories_waiting", ("contoso",)] == 1


# --- Labels ---------------------------------------------------------------------------------------

SENT = "Zz9-chosen-by-a-stranger"


@attack(
    who=Attacker.BROWSER,
    wants="to fill the memory of the site and of its monitoring with time series",
    stopped_by="labels come from closed lists and from names in the database",
)
def test_nothing_of_a_request_becomes_a_label(contoso: Company, client: Client) -> None:
    """The attack of CVE-2026-16100: each new value would be a new time series."""
    counting = Counting()
    for number in range(5):
        name = f"{SENT}-{number}"
        client.get(f"/login/{name}/", {"application": name, "next": name, "login_hint": name})
        client.get("/login/", {"connection": name, "application": name})
        client.post("/login/", {"email": f"{name}@{name}.example"})
        client.get("/login/callback", {"state": name, "error": name, "error_description": name})
        client.get(f"/login/{number}/", headers={"User-Agent": name, "X-Forwarded-For": name})
        state = query_of(contoso.start(client))["state"]
        client.get("/login/callback", {"state": state, "error": name, "error_subcode": name})
    assert counting.changes("sign_ins_total") == {
        ("(none)", "connection_disabled", "start"): 15,
        ("(none)", "transaction_missing", "callback"): 5,
        ("contoso", "microsoft_error", "authorization"): 5,
    }
    assert SENT not in text()


def test_a_scrape_repeats_nothing_that_it_was_sent() -> None:
    response = get(Accept=f"application/{SENT}", **{"User-Agent": SENT})
    assert response.status_code == 200
    assert SENT not in response.content.decode() + str(response.headers)


def test_connections_beyond_the_limit_share_a_label() -> None:
    names = labels.ConnectionNames(limit=2)
    given = [names.label(name) for name in ("a", "b", "c", "d", "a", "")]
    assert given == ["a", "b", "(other)", "(other)", "a", "(none)"]


def test_a_code_that_is_not_on_the_list_is_not_a_label(contoso: Company) -> None:
    counting = Counting()
    signals.sign_in_failed.send(None, connection=contoso.connection, code=SENT, stage=SENT)
    observation.event_logged.send(None, event=Event(kind=SENT, connection_name="contoso"))
    observation.callback_finished.send(None, outcome=SENT, seconds=1)
    microsoft_observation.request_finished.send(None, endpoint=SENT, outcome=SENT, seconds=1)
    assert SENT not in text()
    assert counting.changes("sign_ins_total") == {("contoso", "(other)", "(other)"): 1}
    assert counting.changes("microsoft_request_seconds_count") == {("(other)", "(other)"): 1}


def test_the_labels_of_a_process_are_bounded() -> None:
    """What the worst year can add up to, so that nobody adds a label that multiplies it."""
    assert len(FAILURES) * len(Stage) < 150
    assert instruments.SIGN_INS._labelnames == ("connection", "outcome", "stage")
    assert instruments.CALLBACK_SECONDS._labelnames == ("outcome",)
    assert instruments.MICROSOFT_SECONDS._labelnames == ("endpoint", "outcome")


# --- Gauges ---------------------------------------------------------------------------------------


def test_the_days_are_those_of_the_last_credential_of_a_kind(db: None) -> None:
    connection = ConnectionFactory.create(name="contoso")
    now = timezone.now()
    for days in (-3, 40, 10):
        CredentialFactory.create(connection=connection, expires_at=now + timedelta(days=days))
    # A newer one that Microsoft refuses replaces nothing.
    CredentialFactory.create(
        connection=connection, expires_at=now + timedelta(days=700), refused_at=now
    )
    FederatedFactory.create(connection=connection)
    found = {key: value for key, value in series().items() if key[0] == "credential_days_left"}
    assert found == {("credential_days_left", ("contoso", "secret")): pytest.approx(40, abs=0.01)}
    assert series()["stored_readable", ()] == 1


def test_a_scrape_costs_three_statements_and_then_none(db: None) -> None:
    for _ in range(5):
        CredentialFactory.create(expires_at=timezone.now() + timedelta(days=9))
    with CaptureQueriesContext(database) as first:
        text()
    assert len(first) == 3
    with CaptureQueriesContext(database) as second:
        text()
    assert len(second) == 0


def test_what_a_sub_app_knows_of_provisioning_is_shown(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    rows = [
        observation.ProvisioningState("contoso", now, now + timedelta(days=9)),
        observation.ProvisioningState("fabrikam", None, None),
    ]
    monkeypatch.setitem(observation.provisioning, "sub-app", lambda limit: rows[:limit])
    found = series()
    days = found["provisioning_token_days_left", ("contoso",)]
    assert days == pytest.approx(9, abs=0.01)
    last = found["provisioning_last_request_timestamp_seconds", ("contoso",)]
    assert last == pytest.approx(now.timestamp(), abs=1)
    assert not [key for key in found if key[0].startswith("provisioning") and "fabrikam" in key[1]]


def test_gauges_show_the_first_to_end(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MAX_CONNECTIONS", 2)
    for days in (30, 10, 20):
        CredentialFactory.create(
            connection__name=f"c{days}", expires_at=timezone.now() + timedelta(days=days)
        )
    found = {values[0] for name, values in series() if name == "credential_days_left"}
    assert found == {"c10", "c20"}


def test_no_gauge_has_more_connections_than_the_limit(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MAX_CONNECTIONS", 2)
    for number in range(3):
        connection = ConnectionFactory.create()
        CredentialFactory.create(connection=connection, refused_at=timezone.now())
        Directory.objects.create(
            connection=connection,
            tenant_id=f"aaaabbbb-0000-cccc-1111-dddd2222eee{number}",
            status=Directory.Status.WAITING,
        )
    names = [name for name, _values in series()]
    assert names.count("credentials_refused") == names.count("directories_waiting") == 2


@pytest.mark.filterwarnings("ignore")
def test_a_database_that_cannot_be_read_leaves_the_counters(
    contoso: Company, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    contoso.sign_in(client)
    with database.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {Credential._meta.db_table} RENAME TO away")
        try:
            with caplog.at_level(logging.ERROR):
                found = series()
        finally:
            cursor.execute(f"ALTER TABLE away RENAME TO {Credential._meta.db_table}")
    assert found["stored_readable", ()] == 0
    assert found["sign_ins_total", ("contoso", "signed_in", "finished")] >= 1
    assert "could not be read" in caplog.text


# --- Cost and safety of a sign-in -----------------------------------------------------------------


def test_a_sign_in_costs_no_statement_more(contoso: Company) -> None:
    contoso.sign_in(Client())
    connected = [
        (signals.signed_in, receivers.count_signed_in),
        (signals.profile_synced, receivers.count_profile),
        (observation.event_logged, receivers.count_event),
        (observation.callback_finished, receivers.time_callback),
        (microsoft_observation.request_finished, receivers.time_request),
    ]
    with CaptureQueriesContext(database) as counted:
        assert contoso.sign_in(Client()).status_code == 302
    for signal, receiver in connected:
        assert signal.disconnect(dispatch_uid=f"azuread_metrics.{receiver.__name__}")
    try:
        with CaptureQueriesContext(database) as plain:
            assert contoso.sign_in(Client()).status_code == 302
    finally:
        receivers.connect()
    assert len(counted) == len(plain)


@pytest.mark.parametrize(
    "instrument",
    ["SIGN_INS", "EVENTS", "PROFILES_SYNCED", "CALLBACK_SECONDS", "MICROSOFT_SECONDS"],
)
def test_metrics_that_cannot_be_counted_fail_no_sign_in(
    contoso: Company,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    instrument: str,
) -> None:
    """As on a full disk in multi-process mode."""

    class Full:
        def labels(self, *values: str) -> Any:
            raise OSError("No space left on device")

    monkeypatch.setattr(instruments, instrument, Full())
    with caplog.at_level(logging.ERROR):
        refuse_secret(contoso, client)
        contoso.microsoft.clear_faults()
        assert contoso.sign_in(Client()).status_code == 302
        contoso.person.claims["given_name"] = "Another"
        assert contoso.sign_in(Client()).status_code == 302
    assert "could not be counted" in caplog.text


# --- Endpoints ------------------------------------------------------------------------------------


def test_requests_to_graph_and_discovery_are_told_apart(
    contoso: Company, client: Client, microsoft: StandIn
) -> None:
    Connection.objects.update(extended_profile=True)
    counting = Counting()
    contoso.sign_in(client)
    found = counting.changes("microsoft_request_seconds_count")
    assert found["graph", "answered"] == 1


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://login.microsoftonline.com/common/oauth2/v2.0/token", "token"),
        ("https://login.microsoftonline.com/contoso.com/oauth2/token", "token"),
        ("https://login.microsoftonline.com/common/discovery/keys", "keys"),
        ("https://login.microsoftonline.com/c.com/discovery/v2.0/keys?appid=1", "keys"),
        (
            "https://login.microsoftonline.us/c.com/v2.0/.well-known/openid-configuration",
            "discovery",
        ),
        ("https://graph.microsoft.com/v1.0/users?$search=token", "graph"),
        ("https://intranet.example.com/logout?person=adele", "other"),
    ],
)
def test_an_address_is_one_of_a_few_endpoints(url: str, endpoint: str) -> None:
    assert microsoft_observation.endpoint_of(url) == endpoint


def test_tests_leave_no_connection_open() -> None:
    """The scrape uses the request's own connection."""
    assert list(connections) == ["default"]


def test_all_directories_are_counted_by_status(contoso: Company) -> None:
    for number, status in enumerate(["waiting", "waiting", "refused"]):
        Directory.objects.create(
            connection=contoso.connection,
            tenant_id=f"aaaabbbb-0000-cccc-1111-dddd2222eee{number}",
            status=status,
        )
    assert series()["directories_waiting", ("contoso",)] == 2
