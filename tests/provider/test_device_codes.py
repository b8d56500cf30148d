"""A device that asks and polls: what it is told, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.login.state.session import SignIn
from azuread_connections.models import Application, EnabledConnection, Identity, Revocation
from azuread_connections.provider import device_codes, user_codes
from azuread_connections.provider.models import (
    API,
    Authorization,
    ClientConsent,
    DeviceAuthorization,
)
from tests.company import Company
from tests.provider.devices import GRANT_TYPE, Device, answer, ask, pass_time
from tests.provider.relying_party import RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db


def test_a_device_gets_its_tokens_once_its_person_agrees(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    assert device.error() == "authorization_pending"

    assert answer(viewer, device.user_code).status_code == 200

    tokens = device.tokens()
    assert set(tokens) == {
        *("access_token", "refresh_token", "id_token", "token_type", "expires_in", "scope")
    }
    claims = id_token_claims(tokens["id_token"], television.client_id)
    assert claims["email"] == "adele.vance@contoso.com"
    assert userinfo(tokens["access_token"]).json()["sub"] == claims["sub"]
    refreshed = television.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert userinfo(refreshed.json()["access_token"]).status_code == 200


def test_a_device_learns_how_its_person_authenticated(
    contoso: Company, television: RelyingParty
) -> None:
    contoso.app.optional_claims += ["auth_time", "amr"]
    contoso.person.methods = ["pwd", "mfa"]
    browser = Client()
    contoso.sign_in(browser, application=television.application.slug)
    device = Device.ask(television)
    answer(browser, device.user_code)
    claims = id_token_claims(device.tokens()["id_token"], television.client_id)
    assert claims["amr"] == ["pwd", "mfa"]
    assert "auth_time" in claims


def test_no_more_scopes_are_given_than_were_shown(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television, scope="openid")
    answer(viewer, device.user_code)
    response = device.poll(scope="openid profile email offline_access")
    assert response.json()["scope"] == "openid"
    assert "refresh_token" not in response.json()


def test_a_device_that_asks_for_no_scope_gets_none(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television, scope=None)
    answer(viewer, device.user_code)
    response = device.poll(scope="openid profile")
    assert response.status_code == 200
    assert "id_token" not in response.json()
    assert userinfo(response.json()["access_token"]).status_code == 403


def test_a_denied_device_is_told(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code, "deny")
    assert device.error() == "access_denied"
    assert device.error() == "access_denied"
    assert not Authorization.objects.exists()


@pytest.mark.parametrize("choice", ["", "allow", "deny"])
def test_a_device_that_is_too_late_is_told(
    television: RelyingParty, viewer: Client, choice: str
) -> None:
    device = Device.ask(television)
    if choice:
        answer(viewer, device.user_code, choice)
    pass_time(seconds=901)
    assert device.error() == "expired_token"


def test_a_device_that_polls_too_often_is_slowed_down(television: RelyingParty) -> None:
    device = Device.ask(television)
    assert device.error() == "authorization_pending"
    assert device.error() == "slow_down"
    pass_time(seconds=5)
    assert device.error() == "slow_down"  # it is ten seconds by now
    assert device.row().interval == 15
    pass_time(seconds=15)
    assert device.error() == "authorization_pending"
    assert device.row().interval == 15


def test_a_poll_can_be_a_little_early(television: RelyingParty) -> None:
    device = Device.ask(television)
    device.error()
    pass_time(seconds=4.2)
    assert device.error() == "authorization_pending"


def test_an_answered_device_is_not_slowed_down(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    device.error()
    answer(viewer, device.user_code)
    assert device.poll().status_code == 200


def test_a_device_code_used_twice_ends_what_it_gave(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens()
    assert device.error() == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401
    assert television.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_it_ends_them_also_after_the_code_has_expired(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens()
    pass_time(minutes=20)
    assert device.error() == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_device_code_is_for_its_client_alone(
    contoso: Company, television: RelyingParty, viewer: Client, is_answered: bool
) -> None:
    other = RelyingParty.create(
        contoso, application_type=Application.Type.NATIVE, grant_types=[GRANT_TYPE]
    )
    device = Device.ask(television)
    if is_answered:
        answer(viewer, device.user_code)
    stolen = Device(other, device.answer)
    assert stolen.error() == "invalid_grant"
    assert device.poll().status_code == (200 if is_answered else 400)


@pytest.mark.parametrize("code", ["x", "", "\x00", "WDJB-MJHT"])
def test_an_unknown_device_code_is_refused(television: RelyingParty, code: str) -> None:
    response = television.token(grant_type=GRANT_TYPE, device_code=code)
    assert response.status_code == 400
    assert response.json()["error"] == ("invalid_grant" if code else "invalid_request")


def test_neither_code_of_a_device_is_an_authorization_code(
    portal: RelyingParty, adele: Client
) -> None:
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    portal.client.is_pkce_required = False
    portal.client.save()
    device = Device.ask(portal)
    answer(adele, device.user_code)
    for code in (device.answer["device_code"], device.user_code):
        for redirect_uri in ("", None, portal.callback):
            response = portal.exchange(code, redirect_uri=redirect_uri, code_verifier=None)
            assert response.json()["error"] == "invalid_grant"
    response = portal.token(grant_type=GRANT_TYPE, device_code=device.user_code)
    assert response.json()["error"] == "invalid_grant"
    assert device.poll().status_code == 200


def test_the_first_answer_counts_also_if_the_second_was_begun_before(
    contoso: Company, television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    code = user_codes.parse(device.user_code) or ""
    first, second = device_codes.find_waiting(code), device_codes.find_waiting(code)
    assert first is not None
    assert second is not None
    identity = Identity.objects.get()
    proof = SignIn(
        contoso.connection.pk,
        television.application.pk,
        identity.pk,
        "contoso",
        identity.tenant_id,
        1_800_000_000.0,
    )
    assert device_codes.deny(first)
    assert not device_codes.allow(second, identity.user, proof)
    assert not device_codes.deny(second)
    assert not Authorization.objects.exists()
    assert device.error() == "access_denied"


def test_an_authorization_code_is_no_device_code(portal: RelyingParty, adele: Client) -> None:
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    response = portal.token(grant_type=GRANT_TYPE, device_code=portal.code(adele))
    assert response.json()["error"] == "invalid_grant"


def test_a_confidential_client_authenticates_at_each_poll(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    device = Device.ask(portal)
    answer(adele, device.user_code)
    assert device.poll(client_secret=None).status_code == 401
    assert device.poll(client_secret="x" * 40).status_code == 401
    assert device.poll().status_code == 200


def test_the_grant_can_be_taken_from_the_client_meanwhile(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    television.application.grant_types.remove(GRANT_TYPE)
    television.application.save()
    response = device.poll()
    assert response.json() == {
        "error": "unauthorized_client",
        "error_description": f"Grant type '{GRANT_TYPE}' not allowed for the client.",
    }


# --- The person is judged -------------------------------------------------------------------------


def deactivate(company: Company) -> None:
    get_user_model().objects.update(is_active=False)


def disable(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def revoke(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


@pytest.mark.parametrize("happens", [deactivate, disable, revoke])
@pytest.mark.parametrize("has_tokens", [False, True])
def test_who_lost_their_rights_gets_no_tokens(
    contoso: Company,
    television: RelyingParty,
    viewer: Client,
    happens: Callable[[Company], None],
    has_tokens: bool,
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens() if has_tokens else {}
    happens(contoso)
    response = television.refresh(tokens["refresh_token"]) if has_tokens else device.poll()
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"


def test_a_device_stays_signed_in_when_the_browser_signs_out(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens()
    viewer.post("/login/logout")
    assert television.refresh(tokens["refresh_token"]).status_code == 200


def test_each_device_is_a_session_of_its_own(
    television: RelyingParty, portal: RelyingParty, viewer: Client
) -> None:
    sessions = set()
    for _ in range(2):
        device = Device.ask(television)
        answer(viewer, device.user_code)
        claims = id_token_claims(device.tokens()["id_token"], television.client_id)
        sessions.add(claims["sid"])
    tokens = portal.tokens(viewer)
    sessions.add(id_token_claims(tokens["id_token"], portal.client_id)["sid"])
    assert len(sessions) == 3


# --- APIs and consent -----------------------------------------------------------------------------


@pytest.fixture
def orders(db: None) -> API:
    return API.objects.create(
        identifier="https://api.example.com/",
        name="Orders",
        scopes={"read:orders": "see your orders"},
    )


def test_a_device_can_ask_for_an_api(television: RelyingParty, viewer: Client, orders: API) -> None:
    device = Device.ask(television, scope="openid read:orders", audience=orders.identifier)
    answer(viewer, device.user_code)
    tokens = device.poll(audience=orders.identifier).json()
    assert tokens["scope"] == "openid read:orders"
    claims = id_token_claims(tokens["access_token"], orders.identifier)
    assert claims["client_id"] == television.client_id


def test_a_poll_cannot_change_the_api(
    television: RelyingParty, viewer: Client, orders: API
) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    assert device.poll(resource=orders.identifier).json()["error"] == "invalid_target"
    assert device.poll().status_code == 200


def test_a_client_of_somebody_else_gets_the_consent_with_the_answer(
    television: RelyingParty, viewer: Client
) -> None:
    television.client.is_first_party = False
    television.client.save()
    device = Device.ask(television)
    answer(viewer, device.user_code)
    assert ClientConsent.objects.get().scopes == set(device.row().scopes)
    tokens = device.tokens()
    ClientConsent.objects.all().delete()
    assert television.refresh(tokens["refresh_token"]).status_code == 400


# --- What is stored -------------------------------------------------------------------------------


def test_only_digests_of_the_codes_are_stored(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    device.tokens()
    codes = {device.answer["device_code"], device.user_code, device.user_code.replace("-", "")}
    for model in (DeviceAuthorization, Authorization):
        stored = " ".join(str(value) for row in model.objects.values() for value in row.values())
        assert not [code for code in codes if code in stored]
    assert device.user_code not in str(device.row())
    assert not [code for code in codes if code in repr(device_codes.Codes("x", "y"))]
    assert repr(device_codes.Codes("secret-1", "secret-2")).count("secret") == 0


def test_a_user_code_that_is_taken_is_drawn_again(
    television: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["WDJBMJHT", "WDJBMJHT", "WDJBMJHT", "BCDFGHJK"])
    monkeypatch.setattr(user_codes, "new_code", lambda: next(drawn))
    assert Device.ask(television).user_code == "WDJB-MJHT"
    assert Device.ask(television).user_code == "BCDF-GHJK"


def test_a_client_can_only_have_so_many_devices_wait(
    television: RelyingParty, portal: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_codes, "MAX_WAITING", 2)
    Device.ask(television)
    Device.ask(television)
    response = ask(television)
    assert response.status_code == 429
    assert response.json()["error"] == "temporarily_unavailable"
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    Device.ask(portal)
    pass_time(minutes=16)
    Device.ask(television)


def test_old_devices_are_deleted_in_batches(
    television: RelyingParty, viewer: Client, capsys: Any
) -> None:
    for choice in ("allow", "deny", "deny"):
        answer(viewer, Device.ask(television).user_code, choice)
    DeviceAuthorization.objects.update(expires_at=timezone.now() - timedelta(days=2))
    Device.ask(television)
    assert device_codes.delete_expired(batch_size=2) == 3
    assert DeviceAuthorization.objects.count() == 1
    assert Authorization.objects.count() == 1  # it has an end of its own
    DeviceAuthorization.objects.update(expires_at=timezone.now() - timedelta(days=2))
    call_command("clear_authorizations")
    assert "Deleted: 1" in capsys.readouterr().out


def test_a_used_code_is_known_for_a_day(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens()
    pass_time(hours=23)
    assert device_codes.delete_expired() == 0
    assert device.error() == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401
