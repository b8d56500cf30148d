"""What an administrator finds in the sign-in log about clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from azuread_connections.login.log import limits, store
from azuread_connections.models import (
    Application,
    EnabledConnection,
    Event,
    Identity,
    Revocation,
)
from azuread_connections.provider.client_log import CLIENT_REASONS, PERSON_REASONS
from azuread_connections.provider.models import Authorization, ClientConsent, OAuthClientSecret
from tests.company import Company
from tests.factories import UserFactory
from tests.provider.devices import Device, answer
from tests.provider.relying_party import RelyingParty, error_of

pytestmark = pytest.mark.django_db


def events_of(kind: Event.Kind) -> list[Event]:
    return list(Event.objects.filter(kind=kind))


# --- The client -----------------------------------------------------------------------------------


def send_wrong(party: RelyingParty) -> None:
    party.token(grant_type="client_credentials", client_secret="wrong-secret")


def send_none(party: RelyingParty) -> None:
    party.token(grant_type="client_credentials", client_secret=None)


def send_expired(party: RelyingParty) -> None:
    OAuthClientSecret.objects.update(expires_at=timezone.now() - timedelta(days=1))
    party.token(grant_type="client_credentials")


def send_twice(party: RelyingParty) -> None:
    form = {"grant_type": "client_credentials", **party.credentials()}
    Client().post("/id/oauth/token", form, headers={"Authorization": party.basic()})


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (send_wrong, "secret_wrong"),
        (send_none, "secret_missing"),
        (send_expired, "secret_expired"),
        (send_twice, "credentials_malformed"),
    ],
)
def test_a_client_that_does_not_prove_itself_is_logged(
    portal: RelyingParty, happens: Callable[[RelyingParty], None], code: str
) -> None:
    happens(portal)
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert event.code == code
    assert event.application == portal.application
    assert event.application_name == portal.application.slug
    assert event.message.startswith(CLIENT_REASONS[code])
    assert event.address == "127.0.0.1"
    assert portal.secret not in event.message
    assert "wrong-secret" not in event.message


def test_a_public_client_that_sends_a_secret_is_logged(spa: RelyingParty) -> None:
    spa.token(grant_type="client_credentials", client_secret="x")
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert event.code == "secret_not_expected"


def test_a_redirect_uri_that_is_not_listed_is_logged(portal: RelyingParty) -> None:
    """The person sees a page that says little: support has to find the reason."""
    portal.authorize(Client(), redirect_uri="https://client.example/other")
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert event.code == "redirect_uri_not_listed"
    assert event.application == portal.application
    assert event.message.endswith('"https://client.example/other"')


def test_people_sent_by_an_unknown_client_are_logged(portal: RelyingParty) -> None:
    """Such as one whose client ID was not imported."""
    answer = portal.authorize(Client(), client_id="nobody")
    assert answer.status_code == 400
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert (event.code, event.application) == ("client_unknown", None)
    assert "nobody" not in event.message


def test_a_flood_is_one_row_with_a_count(portal: RelyingParty) -> None:
    for _ in range(5):
        portal.token(grant_type="client_credentials", client_secret="wrong")
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert event.count == 5


def test_unknown_clients_share_one_row(portal: RelyingParty) -> None:
    for number in range(5):
        portal.token(grant_type="client_credentials", client_id=f"nobody-{number}")
    [event] = events_of(Event.Kind.CLIENT_REFUSED)
    assert (event.code, event.count, event.application) == ("client_unknown", 5, None)
    assert "nobody" not in event.message


def test_many_applications_together_have_a_limited_number_of_rows(
    contoso: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNPROVEN_PER_MINUTE", 2)
    for _ in range(5):
        RelyingParty.create(contoso).token(grant_type="client_credentials", client_secret="wrong")
    rows = events_of(Event.Kind.CLIENT_REFUSED)
    assert len(rows) == 3
    assert sorted(row.count for row in rows) == [1, 1, 3]


def test_the_guess_after_which_an_address_waits_is_logged(portal: RelyingParty) -> None:
    for _ in range(20):
        portal.token(grant_type="client_credentials", client_secret="wrong")
    found = {event.code: event.count for event in events_of(Event.Kind.CLIENT_REFUSED)}
    assert found == {"secret_wrong": 9, "too_many_failures": 1}


def test_a_log_that_cannot_be_written_stops_no_answer(
    portal: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(store, "_write", broken)
    response = portal.token(grant_type="client_credentials", client_secret="wrong")
    assert response.status_code == 401


# --- The person -----------------------------------------------------------------------------------


def deactivate(company: Company, party: RelyingParty) -> None:
    get_user_model().objects.update(is_active=False)


def tie_to_another(company: Company, party: RelyingParty) -> None:
    Identity.objects.update(user=UserFactory.create())


def revoke(company: Company, party: RelyingParty) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def disable(company: Company, party: RelyingParty) -> None:
    EnabledConnection.objects.filter(application=party.application).delete()


def move_directory(company: Company, party: RelyingParty) -> None:
    company.connection.__class__.objects.update(tenant_id="11111111-1111-1111-1111-111111111111")


def wait_long(company: Company, party: RelyingParty) -> None:
    Authorization.objects.update(signed_in_at=1_000_000_000)


def become_public(company: Company, party: RelyingParty) -> None:
    Application.objects.filter(pk=party.application.pk).update(application_type="spa")


def withdraw_consent(company: Company, party: RelyingParty) -> None:
    party.client.__class__.objects.update(is_first_party=False)
    ClientConsent.objects.all().delete()


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (deactivate, "person_inactive"),
        (tie_to_another, "person_untied"),
        (revoke, "person_revoked"),
        (disable, "connection_not_enabled"),
        (move_directory, "directory_not_allowed"),
        (wait_long, "sign_in_too_old"),
        (become_public, "client_type_changed"),
        (withdraw_consent, "grant_withdrawn"),
    ],
)
@pytest.mark.parametrize("at", ["refresh", "code"])
def test_why_a_person_is_not_let_in_is_logged(
    contoso: Company,
    portal: RelyingParty,
    adele: Client,
    happens: Callable[[Company, RelyingParty], None],
    code: str,
    at: str,
) -> None:
    tokens = portal.tokens(adele)
    waiting = portal.code(adele)
    happens(contoso, portal)
    if happens is become_public:
        portal.secret = ""

    answer = (
        portal.refresh(tokens["refresh_token"]) if at == "refresh" else portal.exchange(waiting)
    )

    assert answer.json()["error"] == "invalid_grant"
    [event] = events_of(Event.Kind.TOKENS_REFUSED)
    assert (event.code, event.message) == (code, PERSON_REASONS[code])
    assert event.application == portal.application
    assert event.connection == contoso.connection
    assert event.person == "adele.vance@contoso.com"
    if at == "refresh":
        portal.refresh(tokens["refresh_token"])
        assert len(events_of(Event.Kind.TOKENS_REFUSED)) == 1


def test_a_second_use_is_logged(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele)
    portal.refresh(tokens["refresh_token"])
    portal.refresh(tokens["refresh_token"])
    [event] = events_of(Event.Kind.TOKENS_REUSED)
    assert event.application == portal.application
    assert event.person == "adele.vance@contoso.com"
    assert tokens["refresh_token"] not in event.message


def test_what_goes_well_is_a_line_of_the_log_and_no_event(
    portal: RelyingParty, adele: Client, caplog: pytest.LogCaptureFixture
) -> None:
    before = Event.objects.count()
    caplog.set_level("INFO", logger="azuread_connections")
    tokens = portal.tokens(adele)
    portal.refresh(tokens["refresh_token"])
    adele.get("/id/oidc/logout", {"id_token_hint": tokens["id_token"]})
    lines = [record.getMessage() for record in caplog.records]
    identity = Identity.objects.get().pk
    slug = portal.application.slug
    assert f"client_signed_in application={slug} identity={identity}" in lines
    assert any(line.startswith(f"client_signed_out application={slug} user=") for line in lines)
    assert Event.objects.count() == before
    assert error_of(portal.authorize(adele, prompt="none")) == "login_required"


def test_the_end_of_a_refresh_token_is_a_line_of_the_log(
    portal: RelyingParty, adele: Client, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = portal.tokens(adele)
    Authorization.objects.update(created_at=timezone.now() - timedelta(days=400))
    caplog.set_level("INFO", logger="azuread_connections")
    portal.refresh(tokens["refresh_token"])
    assert any("refresh_expired" in record.getMessage() for record in caplog.records)
    assert not events_of(Event.Kind.TOKENS_REFUSED)


def test_a_device_that_signs_in_is_a_line_of_the_log(
    television: RelyingParty, viewer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="azuread_connections")
    allowed, denied = Device.ask(television), Device.ask(television)
    answer(viewer, allowed.user_code)
    answer(viewer, denied.user_code, "deny")
    allowed.tokens()
    lines = [record.getMessage() for record in caplog.records]
    identity = Identity.objects.get()
    slug = f"application={television.application.slug}"
    who = f"{slug} user={identity.user_id} address=127.0.0.1 device_address=127.0.0.1"
    assert f"device_allowed {who}" in lines
    assert f"device_denied {who}" in lines
    assert f"device_signed_in {slug} identity={identity.pk}" in lines
    assert not any(line.startswith("client_signed_in") for line in lines)
    for device in (allowed, denied):
        assert not any(device.user_code in line for line in lines)
        assert not any(device.answer["device_code"] in line for line in lines)
