from __future__ import annotations

import time

import pytest
import requests

from azuread_connections.testing import StandIn
from tests.testing.contoso import Contoso, get

DISCOVERY = "common/v2.0/.well-known/openid-configuration"


def test_a_status_replaces_the_answer_for_so_many_requests(entra: StandIn) -> None:
    entra.fault("discovery", status=503, times=2, headers={"Retry-After": "7"})
    first, second, third = (get(f"{entra.url}/{DISCOVERY}") for _ in range(3))
    assert (first.status_code, second.status_code, third.status_code) == (503, 503, 200)
    assert first.headers["Retry-After"] == "7"
    assert "html" in first.headers["Content-Type"]


def test_a_lasting_fault_stays_until_cleared_and_yields_to_counted_ones(entra: StandIn) -> None:
    entra.fault("keys", status=500, times=None)
    entra.fault("keys", status=502)
    url = f"{entra.url}/common/discovery/keys"
    assert [get(url).status_code for _ in range(3)] == [502, 500, 500]
    entra.clear_faults()
    assert get(url).status_code == 200


def test_a_body_replaces_the_answer(entra: StandIn) -> None:
    entra.fault("discovery", body="[1, 2]")
    assert get(f"{entra.url}/{DISCOVERY}").json() == [1, 2]
    entra.fault("discovery", body=b"\xff", content_type="image/png", status=418)
    answer = get(f"{entra.url}/{DISCOVERY}")
    assert (answer.status_code, answer.content) == (418, b"\xff")
    assert answer.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("code", "error", "status"),
    [
        (7000222, "invalid_client", 401),
        (65001, "invalid_grant", 400),
        (90024, "temporarily_unavailable", 429),
        (123456, "invalid_request", 400),
    ],
)
def test_a_code_orders_microsofts_error(
    contoso: Contoso, code: int, error: str, status: int
) -> None:
    contoso.entra.fault("token", aadsts=code)
    answer = contoso.redeem("any")
    body = answer.json()
    assert (body["error"], body["error_codes"], answer.status_code) == (error, [code], status)


def test_a_code_with_a_suberror(contoso: Contoso) -> None:
    contoso.entra.fault("token", aadsts=65001)
    assert contoso.redeem("any").json()["suberror"] == "consent_required"


def test_a_dropped_connection(entra: StandIn) -> None:
    entra.fault("discovery", close=True)
    with pytest.raises(requests.ConnectionError):
        get(f"{entra.url}/{DISCOVERY}")


def test_a_redirect(entra: StandIn) -> None:
    entra.fault("discovery", redirect="http://192.0.2.1/")
    assert get(f"{entra.url}/{DISCOVERY}").headers["Location"] == "http://192.0.2.1/"


def test_a_delay_comes_before_the_normal_answer(entra: StandIn) -> None:
    entra.fault("discovery", delay=0.2)
    started = time.monotonic()
    assert get(f"{entra.url}/{DISCOVERY}").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_drip_sends_single_bytes(entra: StandIn) -> None:
    entra.fault("discovery", body="x" * 20, drip=0.01)
    started = time.monotonic()
    assert get(f"{entra.url}/{DISCOVERY}").text == "x" * 20
    assert time.monotonic() - started >= 0.2


def test_a_fault_of_an_unknown_endpoint_is_a_mistake(entra: StandIn) -> None:
    with pytest.raises(ValueError, match="no endpoint 'tokens'"):
        entra.fault("tokens", status=500)
