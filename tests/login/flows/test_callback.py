"""Forged, stale and failed callbacks: always the right page, never a server error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import jwt
import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import IntegrityError, OperationalError
from django.test import Client

from azuread_connections.conf import TRANSACTION_LIFETIME
from azuread_connections.login.flows import sign_in
from azuread_connections.login.log import events
from azuread_connections.login.state import transaction
from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Event,
    Identity,
)
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of, transaction_of
from tests.factories import ApplicationFactory, EnabledConnectionFactory, UserFactory

pytestmark = pytest.mark.django_db

CALLBACK = "/login/callback"
GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


def assert_refused(response: Any, status: int, code: str) -> Event:
    """Assert the page, that nobody is signed in, and the log line; return that line."""
    assert (response.status_code, error_code(response)) == (status, code)
    assert not Identity.objects.exists()
    assert not User.objects.filter(username__contains="@").exists()
    assert not Session.objects.exists()
    event = Event.objects.filter(kind="sign_in_failed").get()
    assert event.code == code
    assert event.reference in response.content.decode()
    return event


# Not ours, stale, forged


EMAIL = "adele.vance@contoso.com"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"state": "x"},
        {"state": "A" * 22, "code": "abc"},
        {"error": "access_denied"},
        {"error": "<script>alert(1)</script>", "error_description": "<b>", "state": "é\x00"},
        {"code": "x" * 5000, "state": "y" * 5000},
        {"admin_consent": "True", "tenant": GUID},
    ],
)
def test_a_callback_without_a_transaction_is_missing_one(
    client: Client, db: None, query: dict[str, str]
) -> None:
    response = client.get(CALLBACK, query)
    assert_refused(response, 400, "transaction_missing")
    assert b"<script>" not in response.content


def test_a_callback_in_another_browser_is_missing_its_transaction(contoso: Company) -> None:
    """Login CSRF: an attacker's own callback address, opened by the victim."""
    attacker, victim = Client(), Client()
    callback_url = contoso.microsoft.sign_in(contoso.start(attacker), contoso.person)
    assert_refused(victim.get(callback_url), 400, "transaction_missing")


def test_a_forged_cookie_is_not_a_transaction(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    [name] = list(client.cookies)
    client.cookies[name] = client.cookies[name].value[:-4] + "AAAA"
    assert_refused(contoso.come_back(client, url), 400, "transaction_missing")


def test_a_cookie_moved_to_another_state_is_not_a_transaction(
    contoso: Company, client: Client
) -> None:
    url = contoso.start(client)
    [name] = list(client.cookies)
    client.cookies["azuread_txn_" + "A" * 22] = client.cookies[name].value
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    moved = callback_url.replace(query_of(url)["state"], "A" * 22)
    assert_refused(client.get(moved), 400, "transaction_missing")


def test_too_late_is_expired(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    with mock.patch("azuread_connections.login.state.transaction.time.time") as clock:
        clock.return_value = 4_000_000_000 + TRANSACTION_LIFETIME
        assert_refused(contoso.come_back(client, url), 400, "transaction_expired")
    assert contoso.microsoft.count("token") == 0


def test_the_same_callback_twice_is_expired_even_with_the_cookie_kept(
    contoso: Company, client: Client
) -> None:
    url = contoso.start(client)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    assert client.get(callback_url).status_code == 302

    again = Client()
    again.cookies.load(cookies)
    response = again.get(callback_url)

    assert (response.status_code, error_code(response)) == (400, "transaction_expired")
    assert contoso.microsoft.count("token") == 1


def test_a_second_visit_to_the_callback_signs_nobody_out(contoso: Company, client: Client) -> None:
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    client.get(callback_url)
    response = client.get(callback_url)
    assert (response.status_code, error_code(response)) == (400, "transaction_missing")
    assert get_user(client).is_authenticated  # type: ignore[arg-type]
    assert b"You are already signed in" in response.content


def test_the_callbacks_cookie_is_gone_after_success_and_after_failure(
    contoso: Company, client: Client
) -> None:
    for parameters in ({"code": "junk"}, {"error": "access_denied"}):
        state = transaction_of(contoso.start(client))
        response = client.get(CALLBACK, {"state": state, **parameters})
        assert response.cookies[f"azuread_txn_{state}"]["max-age"] == 0
    response = contoso.sign_in(client)
    [morsel] = [morsel for name, morsel in response.cookies.items() if "txn" in name]
    assert morsel["max-age"] == 0


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_only_get_spends_a_transaction(contoso: Company, client: Client, method: str) -> None:
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    assert getattr(client, method)(callback_url).status_code == 405
    assert client.get(callback_url).status_code == 302


# Changed meanwhile


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": GUID},
        {"identity_api": "v1.0"},
        {"tenant_id": GUID},
        {"cloud": "usgov"},
    ],
)
def test_a_connection_edited_meanwhile_ends_the_sign_in(
    contoso: Company, client: Client, change: dict[str, str]
) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    Connection.objects.update(**change)
    assert_refused(contoso.come_back(client, url), 400, "transaction_expired")
    assert contoso.microsoft.count("token") == 0


def test_a_changed_redirect_uri_ends_the_sign_in(
    contoso: Company, client: Client, settings: Any
) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "http://elsewhere.example.com"}
    assert_refused(contoso.come_back(client, url), 400, "transaction_expired")


def test_an_address_that_was_removed_meanwhile_is_not_gone_to(
    contoso: Company, client: Client
) -> None:
    listed = ["https://portal.example.com/", "https://shop.example.com/"]
    Application.objects.update(allowed_callback_urls=listed)
    url = contoso.start(client, next=listed[0])
    Application.objects.update(allowed_callback_urls=listed[1:])
    response = contoso.come_back(client, url)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert contoso.sign_in(Client(), next=listed[1])["Location"] == listed[1]


def test_it_is_not_offered_to_somebody_who_stays_signed_in_as_another_user(
    contoso: Company, client: Client
) -> None:
    client.force_login(UserFactory.create())
    Application.objects.update(allowed_callback_urls=["https://portal.example.com/"])
    url = contoso.start(client, next="https://portal.example.com/")
    Application.objects.update(allowed_callback_urls=[])
    response = contoso.come_back(client, url)
    assert response.status_code == 200
    assert "portal.example.com" not in response.content.decode()
    assert response.context["stay_url"] == "/"


def test_a_connection_disabled_meanwhile_ends_the_sign_in(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    EnabledConnection.objects.all().delete()
    assert_refused(contoso.come_back(client, url), 403, "connection_disabled")


def test_a_connection_deleted_meanwhile_ends_the_sign_in(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    contoso.connection.delete()
    assert_refused(contoso.come_back(client, url), 403, "connection_disabled")


def test_a_connection_pinned_meanwhile_changes_nothing(contoso: Company, client: Client) -> None:
    Connection.objects.update(tenant_id="")
    url = contoso.start(client)
    Connection.objects.update(tenant_id=contoso.directory.tenant_id)
    assert contoso.come_back(client, url).status_code == 302


# Microsoft says no


def test_a_person_who_cancels_sees_that_they_declined(contoso: Company, client: Client) -> None:
    response = client.get(contoso.microsoft.decline(contoso.start(client)))
    event = assert_refused(response, 403, "access_denied")
    assert event.aadsts_code == 65004
    assert event.connection == contoso.connection


@pytest.mark.parametrize(
    ("parameters", "status", "code", "aadsts"),
    [
        ({"error": "access_denied"}, 403, "access_denied", None),
        (
            {"error": "access_denied", "error_description": "AADSTS50105: not assigned"},
            403,
            "access_denied",
            50105,
        ),
        (
            {"error": "invalid_grant", "error_description": "AADSTS65001: no consent"},
            403,
            "consent_required",
            65001,
        ),
        ({"error": "consent_required"}, 403, "consent_required", None),
        (
            {"error": "invalid_request", "error_description": "AADSTS50194: not multi-tenant"},
            502,
            "microsoft_error",
            50194,
        ),
        ({"error": "server_error"}, 502, "microsoft_error", None),
        ({"error": ""}, 502, "microsoft_error", None),
        ({"error": "x" * 9000, "error_description": "<i>\x00" * 900}, 502, "microsoft_error", None),
        ({}, 400, "transaction_missing", None),
        ({"code": ""}, 400, "transaction_missing", None),
        ({"code": "x" * 9000}, 400, "transaction_missing", None),
        ({"code": "junk"}, 400, "transaction_expired", 9002313),
    ],
)
def test_each_answer_of_microsoft_has_its_page(
    contoso: Company,
    client: Client,
    parameters: dict[str, str],
    status: int,
    code: str,
    aadsts: int | None,
) -> None:
    state = query_of(contoso.start(client))["state"]
    response = client.get(CALLBACK, {"state": state, **parameters})
    event = assert_refused(response, status, code)
    assert event.aadsts_code == aadsts
    assert b"<i>" not in response.content


@pytest.mark.parametrize(
    ("aadsts", "status", "code"),
    [
        (7000215, 502, "secret_rejected"),
        (7000222, 502, "secret_rejected"),
        (700016, 502, "microsoft_error"),
        (54005, 400, "transaction_expired"),
        (70008, 400, "transaction_expired"),
        (501481, 400, "transaction_expired"),
        (65001, 403, "consent_required"),
    ],
)
def test_each_error_of_the_token_endpoint_has_its_page(
    contoso: Company, client: Client, aadsts: int, status: int, code: str
) -> None:
    contoso.microsoft.fault("token", aadsts=aadsts)
    event = assert_refused(contoso.sign_in(client), status, code)
    assert event.aadsts_code == aadsts
    assert event.correlation_id
    assert event.trace_id


def test_a_code_of_another_sign_in_is_not_redeemed(contoso: Company) -> None:
    """Code injection: the victim's code in the attacker's transaction. PKCE prevents it."""
    victim, attacker = Client(), Client()
    stolen = query_of(contoso.microsoft.sign_in(contoso.start(victim), contoso.person))["code"]
    state = query_of(contoso.start(attacker))["state"]
    response = attacker.get(CALLBACK, {"state": state, "code": stolen})
    event = assert_refused(response, 400, "transaction_expired")
    assert event.aadsts_code == 501481


# Microsoft fails


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (
            {"status": 500, "body": "<html>oops", "content_type": "text/html"},
            502,
            "microsoft_error",
        ),
        ({"status": 200, "body": "[]"}, 502, "microsoft_error"),
        ({"status": 200, "body": "{}"}, 502, "microsoft_error"),
        ({"status": 200, "body": '{"id_token": 1, "access_token": "a"}'}, 502, "microsoft_error"),
        ({"status": 400, "body": "{}"}, 502, "microsoft_error"),
        ({"redirect": "http://127.0.0.1:9/"}, 502, "microsoft_error"),
        ({"status": 503}, 503, "microsoft_unreachable"),
        ({"status": 429}, 503, "microsoft_unreachable"),
        ({"close": True}, 503, "microsoft_unreachable"),
        ({"delay": 1.5}, 503, "microsoft_unreachable"),
        ({"drip": 0.2, "status": 200, "body": "{}" * 50}, 503, "microsoft_unreachable"),
    ],
)
def test_each_failure_of_microsoft_has_its_page(
    contoso: Company, client: Client, settings: Any, fault: dict[str, Any], status: int, code: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"READ_TIMEOUT": 0.5, "TOTAL_TIMEOUT": 1}
    contoso.microsoft.fault("token", **fault)
    response = contoso.sign_in(client)
    assert_refused(response, status, code)
    assert ("Retry-After" in response) is (status == 503)
    assert contoso.microsoft.count("token") == 1  # a code is never sent twice


def test_microsofts_own_retry_after_is_passed_on(contoso: Company, client: Client) -> None:
    contoso.microsoft.fault("token", status=429, headers={"Retry-After": "77"})
    assert contoso.sign_in(client)["Retry-After"] == "77"


@pytest.mark.parametrize("endpoint", ["keys", "discovery"])
def test_without_keys_or_directory_a_sign_in_fails_and_the_next_one_works(
    contoso: Company, client: Client, endpoint: str
) -> None:
    Connection.objects.update(tenant_id="")
    contoso.microsoft.fault(endpoint, status=503)
    assert_refused(contoso.sign_in(client), 503, "microsoft_unreachable")
    assert contoso.sign_in(client).status_code == 302


# An untrustworthy token from Microsoft, or from somebody in its place


def _other_directory(header: dict[str, Any], claims: dict[str, Any]) -> None:
    claims["iss"] = claims["iss"].replace(claims["tid"], GUID)
    claims["tid"] = GUID


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none")


def _with_the_secret(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": header["kid"]})


def _claim(name: str, value: Any) -> Any:
    def change(header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims[name] = value

    return change


@pytest.mark.parametrize(
    "tamper",
    [
        _other_directory,
        _unsigned,
        _with_the_secret,
        _claim("nonce", "another"),
        _claim("aud", GUID),
        _claim("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        _claim("exp", 1),
        _claim("nbf", 4_000_000_000),
        _claim("iat", 4_000_000_000),
        _claim("oid", None),
        _claim("sub", ""),
        _claim("ver", "1.0"),
        _claim("at_hash", "another"),
    ],
)
def test_a_token_that_breaks_a_rule_lets_nobody_in(
    contoso: Company, client: Client, tamper: Any
) -> None:
    contoso.microsoft.tamper_id_token(tamper)
    event = assert_refused(contoso.sign_in(client), 502, "id_token_invalid")
    assert event.message.startswith("ID token refused: ")


def test_a_token_of_another_connection_lets_nobody_in(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    """Mix-up: one directory's token is not valid at another directory's connection."""
    foreign = contoso.microsoft.mint_id_token(
        fabrikam.directory, fabrikam.app, fabrikam.person, version="v2.0"
    )
    contoso.microsoft.tamper_id_token(lambda header, claims: foreign)
    assert_refused(contoso.sign_in(client), 502, "id_token_invalid")


def test_v1_unsigned_tokens_let_nobody_in(fabrikam: Company, client: Client) -> None:
    fabrikam.microsoft.tamper_id_token(_unsigned)
    assert_refused(fabrikam.sign_in(client), 502, "id_token_invalid")


# A problem of this site


def test_without_a_secret_the_sign_in_is_out_of_order(contoso: Company, client: Client) -> None:
    Credential.objects.all().delete()
    event = assert_refused(contoso.sign_in(client), 502, "secret_rejected")
    assert "no credential" in event.message
    assert contoso.microsoft.count("token") == 0


def test_a_secret_that_no_key_opens_is_never_sent(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {
        "ENCRYPTION_KEYS": ["YW5vdGhlci1hbm90aGVyLWFub3RoZXItYW5vdGhlciE="]
    }
    event = assert_refused(contoso.sign_in(client), 502, "secret_rejected")
    assert "ENCRYPTION_KEYS" in event.message
    assert contoso.microsoft.count("token") == 0


# Somebody is signed in already


def test_a_failed_callback_does_not_change_the_session(contoso: Company, client: Client) -> None:
    client.force_login(UserFactory.create(username="staff"))
    for query in ({"error": "access_denied"}, {"state": "A" * 22, "error": "x"}, {"code": "x"}):
        client.get(CALLBACK, query)
    contoso.microsoft.fault("token", status=500)
    contoso.sign_in(client)
    assert get_user(client).get_username() == "staff"  # type: ignore[arg-type]


def test_a_session_key_from_before_is_not_kept(contoso: Company, client: Client) -> None:
    """Session fixation."""
    session = client.session
    session["cart"] = 1
    session.save()
    planted = session.session_key
    contoso.sign_in(client)
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_an_error_page_leaks_no_code_by_its_links(contoso: Company, client: Client) -> None:
    response = client.get(CALLBACK, {"code": "the-code", "state": "A" * 22})
    assert response["Referrer-Policy"] == "no-referrer"
    assert b"the-code" not in response.content


def test_trying_again_keeps_the_destination(contoso: Company, client: Client) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
    contoso.microsoft.fault("token", status=503)
    response = contoso.sign_in(client, next="/reports/", application="portal")
    expected = 'href="/login/contoso/?application=portal&amp;next=%2Freports%2F"'
    assert expected in response.content.decode()


def test_an_error_with_a_code_is_an_error(contoso, client):
    state = query_of(contoso.start(client))["state"]
    response = client.get(
        CALLBACK, {"state": state, "error": "access_denied", "code": "0.A" + "x" * 300}
    )
    assert error_code(response) == "access_denied"
    assert contoso.microsoft.count("token") == 0


@pytest.mark.parametrize("error", [IntegrityError, OperationalError])
@pytest.mark.parametrize(("failures", "status"), [(1, 302), (2, 302)])
def test_a_sign_in_that_collides_is_tried_again(contoso, client, error, failures, status):
    resolve = sign_in.resolve
    results = [error("x")] * failures

    def collide(*args: Any) -> Any:
        if results:
            raise results.pop()
        return resolve(*args)

    with mock.patch.object(sign_in, "resolve", collide):
        assert contoso.sign_in(client).status_code == status
    assert User.objects.count() == 1


def test_one_that_always_collides_is_refused(contoso, client):
    with mock.patch.object(sign_in, "resolve", side_effect=IntegrityError("x")):
        assert error_code(contoso.sign_in(client)) == "user_refused"
    with (
        mock.patch.object(sign_in, "resolve", side_effect=OperationalError("x")),
        pytest.raises(OperationalError),
    ):
        contoso.sign_in(Client())


@pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"])
def test_a_sign_in_that_cannot_be_stored_signs_nobody_in(contoso, client, settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    with mock.patch.object(events, "record_signed_in", side_effect=IntegrityError("x")):
        assert error_code(contoso.sign_in(client)) == "user_refused"
    assert get_user(client).is_anonymous
    assert not User.objects.exists()


def test_nobody_is_made_somebody_else_without_being_asked(contoso: Company, client: Client) -> None:
    staff = UserFactory.create(username="staff")
    client.force_login(staff)

    response = contoso.sign_in(client, next="/reports/")

    page = response.content.decode()
    assert response.status_code == 200
    assert "You are signed in here as staff, and at Microsoft as adele.vance@contoso.com." in page
    assert get_user(client) == staff  # type: ignore[arg-type]
    assert not Identity.objects.exists()
    again = page.split('name="next" value="')[1].split('"')[0].replace("&amp;", "&")
    response = client.post("/login/logout", {"next": again})
    assert next_address(response) == again
    url = client.get(again)["Location"]
    assert contoso.come_back(client, url)["Location"] == "/reports/"
    assert get_user(client).get_username() == EMAIL  # type: ignore[arg-type]


def test_the_same_person_again_is_not_asked(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert contoso.sign_in(client).status_code == 302


def test_an_unknown_purpose_signs_nobody_in(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cookie of a later version of this app, after a downgrade."""
    seal = transaction.seal
    monkeypatch.setattr(transaction, "seal", lambda begun: seal(replace(begun, purpose="step_up")))
    assert_refused(contoso.sign_in(client), 400, "transaction_expired")
    assert contoso.microsoft.count("token") == 0
