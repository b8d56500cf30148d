"""Who guesses a client's secret has to wait, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.provider import failed_authentication
from azuread_connections.provider.failed_authentication import LIMIT
from tests.login.flows.test_budget import statements
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

GUESSER = "192.0.2.66"


def ask(party: RelyingParty, secret: str, *, address: str = GUESSER, client_id: str = "") -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id or party.client_id,
        "client_secret": secret,
    }
    return Client(REMOTE_ADDR=address).post("/id/oauth/token", form)


def guess(party: RelyingParty, times: int = LIMIT, **where: str) -> list[int]:
    return [ask(party, f"wrong-{number}", **where).status_code for number in range(times)]


def test_who_guesses_has_to_wait(portal: RelyingParty) -> None:
    assert guess(portal) == [401] * LIMIT
    response = ask(portal, "wrong again")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert response.json()["error"] == "too_many_requests"
    assert "no-store" in response["Cache-Control"]


def test_the_right_secret_has_to_wait_there_too(portal: RelyingParty) -> None:
    """Or the answer would say that the guess was right."""
    guess(portal)
    assert ask(portal, portal.secret).status_code == 429


def test_the_client_itself_goes_on_elsewhere(portal: RelyingParty) -> None:
    guess(portal)
    assert ask(portal, portal.secret, address="192.0.2.7").status_code == 200


def test_another_client_goes_on_at_the_same_address(
    portal: RelyingParty, machine: RelyingParty
) -> None:
    guess(portal)
    assert ask(machine, machine.secret).status_code == 200


def test_it_is_over_after_a_minute(portal: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(portal)
    now = failed_authentication.time.time()
    monkeypatch.setattr(failed_authentication.time, "time", lambda: now + 61)
    assert ask(portal, portal.secret).status_code == 200


def test_a_client_that_authenticates_is_never_slowed(portal: RelyingParty) -> None:
    assert {ask(portal, portal.secret).status_code for _ in range(3 * LIMIT)} == {200}


def test_an_unknown_client_is_slowed_as_a_known_one(portal: RelyingParty) -> None:
    """Otherwise the answers would tell which client IDs there are."""
    assert guess(portal, LIMIT + 1, client_id="nobody") == [*[401] * LIMIT, 429]
    assert guess(portal, 1) == [401]


def test_a_whole_network_of_ipv6_is_one_address(portal: RelyingParty) -> None:
    for number in range(LIMIT):
        ask(portal, "wrong", address=f"2001:db8::{number + 1:x}")
    assert ask(portal, "wrong", address="2001:db8::ffff").status_code == 429


def test_without_an_address_nobody_waits(portal: RelyingParty) -> None:
    """Behind a Unix socket everybody would be the same."""
    assert guess(portal, 2 * LIMIT, address="") == [401] * 2 * LIMIT


@pytest.mark.parametrize(
    "path", ["/id/oauth/introspect", "/id/oauth/revoke", "/id/oauth/device/code"]
)
def test_the_other_endpoints_count_too(portal: RelyingParty, path: str) -> None:
    form = {"client_id": portal.client_id, "client_secret": "wrong", "token": "x"}
    browser = Client(REMOTE_ADDR=GUESSER)
    found = [browser.post(path, form) for _ in range(LIMIT + 1)]
    assert [response.status_code for response in found] == [*[401] * LIMIT, 429]
    assert int(found[-1]["Retry-After"]) > 0


def test_who_waits_costs_no_statement(portal: RelyingParty) -> None:
    guess(portal)
    with statements() as found:
        assert ask(portal, "wrong").status_code == 429
    assert found == []
