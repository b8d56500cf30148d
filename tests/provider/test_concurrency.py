"""Requests at the same moment, each with a connection to the database of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from oauth2_provider.models import get_access_token_model

from azuread_connections.provider import key_rotation
from azuread_connections.provider.models import Authorization, SigningKey
from tests.company import Company
from tests.provider.devices import ACTIVATE, Device, answer, sealed_of, type_code
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db(transaction=True)

REQUESTS = 4


def at_once(request: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(REQUESTS)

    def run(_number: int) -> Any:
        barrier.wait()
        try:
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(REQUESTS) as pool:
        return list(pool.map(run, range(REQUESTS)))


def statuses(responses: list[Any]) -> list[int]:
    return sorted(response.status_code for response in responses)


@pytest.fixture
def signed_in(contoso: Company, portal: RelyingParty) -> Client:
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    return browser


def test_a_code_gives_tokens_once_and_ends_them(portal: RelyingParty, signed_in: Client) -> None:
    code = portal.code(signed_in)
    responses = at_once(lambda: portal.exchange(code))
    assert statuses(responses) == [200, 400, 400, 400]
    (won,) = [response for response in responses if response.status_code == 200]
    assert userinfo(won.json()["access_token"]).status_code == 401
    assert not get_access_token_model().objects.exists()


def test_a_refresh_token_is_used_once_and_ends_its_family(
    portal: RelyingParty, signed_in: Client
) -> None:
    token = portal.tokens(signed_in)["refresh_token"]
    responses = at_once(lambda: portal.refresh(token))
    assert statuses(responses) == [200, 400, 400, 400]
    (won,) = [response for response in responses if response.status_code == 200]
    assert userinfo(won.json()["access_token"]).status_code == 401
    assert portal.refresh(won.json()["refresh_token"]).status_code == 400


def test_a_device_code_gives_one_set_of_tokens(contoso: Company, television: RelyingParty) -> None:
    device, browser = Device.ask(television), Client()
    contoso.sign_in(browser, application=television.application.slug)
    answer(browser, device.user_code)
    responses = at_once(device.poll)
    assert statuses(responses) == [200, 400, 400, 400]
    assert {response.json().get("error") for response in responses} == {None, "invalid_grant"}
    # Somebody else has the code, too: as after a replay, nobody keeps what it gave.
    assert not get_access_token_model().objects.exists()


def test_a_device_is_answered_once(contoso: Company, television: RelyingParty) -> None:
    device = Device.ask(television)
    browsers = [Client() for _ in range(REQUESTS)]
    for browser in browsers:
        contoso.sign_in(browser, application=television.application.slug)
    waiting = [
        (browser, sealed_of(type_code(browser, device.user_code)), choice)
        for browser, choice in zip(browsers, ["allow", "deny"] * 2, strict=True)
    ]

    def give() -> Any:
        browser, sealed, choice = waiting.pop()
        return browser.post(ACTIVATE, {"request": sealed, choice: "1"})

    responses = at_once(give)
    assert statuses(responses) == [200, 400, 400, 400]
    row = device.row()
    assert row.answered_at is not None
    assert Authorization.objects.count() == (row.authorization is not None)


def test_two_rotations_at_once_publish_one_key(db: None) -> None:
    at_once(key_rotation.rotate)
    assert SigningKey.objects.count() == 2
