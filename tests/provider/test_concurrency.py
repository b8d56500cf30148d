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

from azuread_connections.provider import keys
from azuread_connections.provider.models import SigningKey
from tests.company import Company
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


def test_two_rotations_at_once_publish_one_key(db: None) -> None:
    at_once(keys.rotate)
    assert SigningKey.objects.count() == 2
