"""Guesses of user codes, and floods of requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from azuread_connections.provider import device_limits
from tests.company import error_code
from tests.provider.devices import ACTIVATE, GRANT_TYPE, Device, answer, ask, type_code
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

WRONG = "BBBB-BBBB"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches soon."""
    for name, limit in (("_CODES_EACH", 2), ("_CODES_OVER_ALL", 5), ("_REQUESTS", 2)):
        found = getattr(device_limits, name)
        monkeypatch.setattr(device_limits, name, replace(found, limit=limit))


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def assert_refused(response: Any) -> None:
    assert response.status_code == 429
    assert error_code(response) == "too_many"


def test_an_address_can_try_only_some_codes(few: None, television: RelyingParty) -> None:
    code = Device.ask(television).user_code
    for _ in range(2):
        assert type_code(at("192.0.2.1"), WRONG).status_code == 400
    # With another cookie jar, by a link, and with the right code.
    assert_refused(type_code(at("192.0.2.1"), code))
    assert_refused(at("192.0.2.1").get(ACTIVATE, {"user_code": code}))
    assert type_code(at("192.0.2.2"), code).status_code == 302


def test_the_addresses_of_one_network_count_together(few: None, db: None) -> None:
    for _ in range(2):
        type_code(at("2001:db8::1"), WRONG)
    assert_refused(type_code(at("2001:db8::2"), WRONG))


def test_a_person_can_try_only_some_codes(few: None, viewer: Client) -> None:
    for _ in range(2):
        assert type_code(viewer, WRONG).status_code == 400
    viewer.defaults["REMOTE_ADDR"] = "192.0.2.9"
    assert_refused(type_code(viewer, WRONG))


def test_many_addresses_together_can_try_only_some(few: None, db: None) -> None:
    for number in range(5):
        assert type_code(at(f"192.0.2.{number}"), WRONG).status_code == 400
    assert_refused(type_code(at("192.0.2.99"), WRONG))


def test_guesses_of_strangers_do_not_keep_people_out(
    few: None, television: RelyingParty, viewer: Client
) -> None:
    for number in range(6):
        type_code(at(f"192.0.2.{number}"), WRONG)
    assert answer(viewer, Device.ask(television).user_code).status_code == 200


def test_what_one_limit_refuses_does_not_count_for_all(few: None, db: None) -> None:
    for _ in range(20):
        type_code(at("192.0.2.1"), WRONG)
    assert type_code(at("192.0.2.2"), WRONG).status_code == 400


def test_a_parameter_of_an_authorization_request_is_no_way_around_the_limit(
    few: None, television: RelyingParty, portal: RelyingParty
) -> None:
    """Both keep what waits for a sign-in in a cookie of the same kind."""
    code = Device.ask(television).user_code.replace("-", "")
    browser = Client()
    portal.authorize(browser, user_code=code)
    (cookie,) = [name for name in browser.cookies if "azuread_authorize_" in name]
    name = cookie.removeprefix("azuread_authorize_")
    response = browser.get(ACTIVATE, {"request": name})
    assert response.status_code == 200
    assert television.application.name not in response.content.decode()


def test_a_public_clients_devices_of_one_address_are_limited(
    few: None, television: RelyingParty, portal: RelyingParty
) -> None:
    for _ in range(2):
        Device.ask(television)
    response = ask(television)
    assert response.status_code == 429
    assert "no-store" in response["Cache-Control"]
    assert response.json()["error"] == "temporarily_unavailable"
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    for _ in range(4):
        assert ask(portal).status_code == 200  # it has proven who it is


def test_without_a_cache_people_can_still_sign_in(
    settings: Any, television: RelyingParty, viewer: Client
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    device = Device.ask(television)
    assert answer(viewer, device.user_code).status_code == 200
    assert device.poll().status_code == 200
