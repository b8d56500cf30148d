"""Somebody who sends people the code of a device of their own, who guesses codes, or who floods."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from azuread_connections.provider import device_codes, device_limits
from azuread_connections.provider.models import DeviceAuthorization
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company, error_code
from tests.provider.devices import (
    ACTIVATE,
    GRANT_TYPE,
    Device,
    answer,
    ask,
    pass_time,
    sealed_of,
    type_code,
)
from tests.provider.relying_party import RelyingParty, userinfo

from .gains import Gains

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CLIENT)]

#: Where the one asks who sends the code to somebody else.
FAR_AWAY = "203.0.113.9"


def phish(party: RelyingParty, **changes: Any) -> Device:
    """Ask for codes from far away, as a program of one's own."""
    form = {**party.credentials(), "scope": "openid email offline_access"}
    response = Client(REMOTE_ADDR=FAR_AWAY, **changes).post("/id/oauth/device/code", form)
    assert response.status_code == 200, response.content
    return Device(party, response.json())


def text_of(response: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


# --- Phishing -------------------------------------------------------------------------------------


@attack(
    wants="somebody signed in on the attacker's device by a link alone",
    stopped_by="every device is confirmed by a button, also of a first-party client",
)
@pytest.mark.parametrize("is_first_party", [True, False])
@pytest.mark.parametrize("was_allowed_before", [False, True])
def test_a_link_with_a_code(
    television: RelyingParty, viewer: Client, is_first_party: bool, was_allowed_before: bool
) -> None:
    television.client.is_first_party = is_first_party
    television.client.save()
    if was_allowed_before:
        answer(viewer, Device.ask(television).user_code)
    device = phish(television)
    before = Gains.now()
    page = viewer.get(device.answer["verification_uri_complete"].replace("http://testserver", ""))
    assert page.status_code == 200
    assert device.error() == "authorization_pending"
    before.assert_none()


@attack(
    wants="a code taken for one of the person's own device",
    stopped_by="the page says from which address and program it was asked for, and warns",
)
def test_a_code_from_far_away(television: RelyingParty, viewer: Client) -> None:
    device = phish(television, HTTP_USER_AGENT="curl/8.5 (Adele's television)")
    page = text_of(type_code(viewer, device.user_code))
    assert f"{FAR_AWAY} (yours is 127.0.0.1)" in page
    assert "curl" in page
    assert "Adele's television" not in page
    assert "they would be signed in as you" in page


@attack(
    wants="the page framed, so that a click on something else confirms",
    stopped_by="the page refuses frames",
)
def test_a_confirmation_in_a_frame(television: RelyingParty, viewer: Client, settings: Any) -> None:
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    page = type_code(viewer, phish(television).user_code)
    assert page["X-Frame-Options"] == "DENY"


@attack(
    wants="the button pressed by a page of their own",
    stopped_by="Django's CSRF protection, and what the page sealed for this very person",
)
@pytest.mark.parametrize("knows_the_seal_of", [None, "another person", "another device"])
def test_a_forged_confirmation(
    contoso: Company,
    television: RelyingParty,
    viewer: Client,
    knows_the_seal_of: str | None,
    settings: Any,
) -> None:
    device = phish(television)
    mallory = Client()
    contoso.sign_in(
        mallory,
        contoso.directory.add_person("Alex Wilber"),
        application=television.application.slug,
    )
    code = Device.ask(television).user_code if knows_the_seal_of == "another device" else ""
    sealed = sealed_of(type_code(mallory, code or device.user_code)) if knows_the_seal_of else "x"
    # Also at a site without the middleware.
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "CsrfView" not in each]
    before = Gains.now()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    assert strict.post(ACTIVATE, {"request": sealed, "allow": "1"}).status_code == 403
    assert viewer.post(ACTIVATE, {"request": sealed, "allow": "1"}).status_code == 400
    assert device.error() == "authorization_pending"
    before.assert_none()


@attack(
    wants="a person to confirm a device whose application they cannot use",
    stopped_by="the sign-in has to be by a connection that is enabled for the application",
)
def test_a_colleague_whose_account_is_not_enabled(
    contoso: Company, fabrikam: Company, portal: RelyingParty, television: RelyingParty
) -> None:
    television.application.enabledconnection_set.all().delete()
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    before = Gains.now()
    page = type_code(browser, phish(television).user_code)
    assert page.status_code == 403
    assert error_code(page) == "not_enabled"
    before.assert_none()


# --- Codes ----------------------------------------------------------------------------------------


@attack(
    wants="the tokens of a device of another client",
    stopped_by="a device code is found by its client",
)
def test_the_device_code_of_another_client(
    contoso: Company, television: RelyingParty, viewer: Client
) -> None:
    mallory = RelyingParty.create(
        contoso, application_type="native", grant_types=[GRANT_TYPE, "refresh_token"]
    )
    device = Device.ask(television)
    answer(viewer, device.user_code)
    before = Gains.now()
    response = mallory.token(grant_type=GRANT_TYPE, device_code=device.answer["device_code"])
    assert response.json()["error"] == "invalid_grant"
    before.assert_none()
    assert "access_token" in device.tokens()  # nor does it end it


@attack(
    wants="to use a device code a second time",
    stopped_by="it gives tokens once; used twice, it ends them",
)
def test_the_replay_of_a_device_code(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    answer(viewer, device.user_code)
    tokens = device.tokens()
    before = Gains.now()
    assert device.error() == "invalid_grant"
    before.assert_none()
    assert userinfo(tokens["access_token"]).status_code == 401
    assert television.refresh(tokens["refresh_token"]).status_code == 400


@attack(
    wants="one kind of code taken for another",
    stopped_by="each is looked up in its own column, by a digest of its own",
)
def test_a_code_of_another_kind(television: RelyingParty, viewer: Client) -> None:
    television.application.grant_types.append("authorization_code")
    television.application.save()
    device = Device.ask(television)
    answer(viewer, device.user_code)
    before = Gains.now()
    for code in (device.answer["device_code"], device.user_code, device.user_code.replace("-", "")):
        assert television.exchange(code, redirect_uri="").status_code == 400
    assert device.poll(device_code=device.user_code).json()["error"] == "invalid_grant"
    before.assert_none()


@attack(
    wants="more than the person saw on the page",
    stopped_by="scopes and API are those of the first request",
)
def test_more_than_was_confirmed(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television, scope="openid")
    answer(viewer, device.user_code)
    response = device.poll(scope="openid email groups offline_access")
    assert response.json()["scope"] == "openid"
    assert "refresh_token" not in response.json()


@attack(
    wants="to go on with a code that was denied, or that is late",
    stopped_by="the first answer counts, and a code lasts 15 minutes",
)
@pytest.mark.parametrize("why", ["denied", "late", "late, though allowed"])
def test_a_code_that_is_over(television: RelyingParty, viewer: Client, why: str) -> None:
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    if why != "late":
        viewer.post(ACTIVATE, {"request": sealed, "deny" if why == "denied" else "allow": "1"})
    if why != "denied":
        pass_time(minutes=16)
    before = Gains.now()
    assert viewer.post(ACTIVATE, {"request": sealed, "allow": "1"}).status_code == 400
    assert device.error() == ("access_denied" if why == "denied" else "expired_token")
    before.assert_none()


@attack(
    wants="to guess the code that somebody's device shows",
    stopped_by="20 tries in 15 minutes, of a person or an address, and a limit over all",
)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_a_guess_of_user_codes(
    television: RelyingParty, viewer: Client, is_signed_in: bool
) -> None:
    guesser = viewer if is_signed_in else Client()
    for number in range(20):
        guess = "BCDFGHJ" + "BCDFGHJKLMNPQRSTVWXZ"[number]
        assert type_code(guesser, guess).status_code == 400
    code = Device.ask(television).user_code
    before = Gains.now()
    for response in (type_code(guesser, code), guesser.get(f"{ACTIVATE}?user_code={code}")):
        assert response.status_code == 429
        assert error_code(response) == "too_many"
    before.assert_none()


@attack(
    wants="the tokens of devices, read from a copy of the database",
    stopped_by="digests are stored, that of the short code by a key",
)
def test_a_copy_of_the_table(television: RelyingParty) -> None:
    device = Device.ask(television)
    row = DeviceAuthorization.objects.values().get()
    for code in (device.answer["device_code"], device.user_code, device.user_code.replace("-", "")):
        assert code not in str(row)
    assert row["user_code_digest"] != device_codes.digest_of(device.user_code.replace("-", ""))


@attack(
    wants="to fill the table, or to use up the devices that a client can have",
    stopped_by="a limit for each address, and one for each client",
)
def test_a_flood_of_devices(television: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = device_limits._REQUESTS.limit
    monkeypatch.setattr(device_codes, "MAX_WAITING", limit + 1)
    answers = [ask(television).status_code for _ in range(limit + 1)]
    assert answers == [200] * limit + [429]
    assert DeviceAuthorization.objects.count() == limit
    phish(television)  # others go on, up to the client's limit
    form = {**television.credentials(), "scope": "openid"}
    response = Client(REMOTE_ADDR=FAR_AWAY).post("/id/oauth/device/code", form)
    assert response.status_code == 429
