from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from azuread_connections.testing import StandIn
from tests.testing.contoso import Contoso, get, post

DISCOVERY = "common/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1", "contoso.com"])
def test_it_runs_only_on_loopback(host: str) -> None:
    with pytest.raises(ValueError, match="the stand-in runs only on loopback"):
        StandIn(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_starts_and_stops(host: str) -> None:
    with StandIn(host) as standin:
        assert standin.url.startswith(f"http://{host}:")
        assert get(f"{standin.url}/{DISCOVERY}").status_code == 200
    with pytest.raises(requests.ConnectionError):
        get(f"{standin.url}/{DISCOVERY}")


def test_stopping_ends_kept_connections_and_starting_resumes_at_the_same_address() -> None:
    standin = StandIn().start()
    url = f"{standin.url}/{DISCOVERY}"
    with requests.Session() as client:
        assert client.get(url, timeout=5).status_code == 200
        standin.stop()
        with pytest.raises(requests.ConnectionError):
            client.get(url, timeout=5)
        standin.start()
        assert client.get(url, timeout=5).status_code == 200
    standin.stop()
    standin.stop()


def test_a_taken_port_is_an_os_error(entra: StandIn) -> None:
    port = urlsplit(entra.url).port
    assert port
    with pytest.raises(OSError, match="in use"):
        StandIn(port=port).start()


def test_requests_are_recorded(contoso: Contoso) -> None:
    contoso.redeem(contoso.code())
    get(f"{contoso.entra.url}/nowhere?x=1", headers={"X-Test": "yes"})
    assert [request.endpoint for request in contoso.entra.requests] == [
        "authorize",
        "sign_in",
        "token",
        "unknown",
    ]
    assert contoso.entra.count("token") == 1
    assert contoso.entra.count() == 4
    token, unknown = contoso.entra.requests[2:]
    assert token.tenant == contoso.directory.tenant_id
    assert token.form["grant_type"] == "authorization_code"
    assert unknown.query == {"x": "1"}
    assert unknown.headers["x-test"] == "yes"
    contoso.entra.reset()
    assert contoso.entra.requests == []
    assert contoso.entra.count() == 0


def test_reset_forgets_everything(contoso: Contoso) -> None:
    entra = contoso.entra
    entra.fault("discovery", status=500, times=None)
    entra.clock = lambda: 0
    entra.single_sign_on = True
    entra.reset()
    assert entra.directories == []
    assert get(f"{entra.url}/{DISCOVERY}").status_code == 200
    assert entra.clock is time.time
    assert not entra.single_sign_on


def test_names_and_guids_are_unique(contoso: Contoso) -> None:
    with pytest.raises(ValueError, match="already has"):
        contoso.entra.add_directory("contoso.net")
    with pytest.raises(ValueError, match="already exists"):
        contoso.directory.add_app(client_id=contoso.app.client_id)
    with pytest.raises(ValueError, match="already has the person"):
        contoso.directory.add_person(upn=contoso.person.upn)
    with pytest.raises(ValueError, match="client_id must be a GUID"):
        contoso.directory.add_app(client_id="portal")
    assert contoso.directory.add_person("Adele Vance").upn == "adele.vance2@contoso.com"


def test_mail_follows_the_upn_unless_it_is_none(contoso: Contoso) -> None:
    assert contoso.person.mail == contoso.person.upn
    assert contoso.directory.add_person("Alex Wilber", mail=None).mail is None


# --- HTTP -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "POST"])
def test_odd_methods_are_refused(entra: StandIn, method: str) -> None:
    answer = requests.request(method, f"{entra.url}/{DISCOVERY}", timeout=5)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


def test_unknown_paths_are_not_found(entra: StandIn) -> None:
    answer = get(f"{entra.url}/nowhere")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_huge_body_is_refused(entra: StandIn) -> None:
    head = b"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n"
    assert exchange(entra, head).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_unknown_length_is_refused(entra: StandIn) -> None:
    head = b"POST /error HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert exchange(entra, head).startswith(b"HTTP/1.1 411 ")


def exchange(entra: StandIn, data: bytes) -> bytes:
    address = urlsplit(entra.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as sock:
        sock.sendall(data)
        return sock.recv(65536)


# --- Faults ---------------------------------------------------------------------------------------


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


# --- The control page -----------------------------------------------------------------------------


@pytest.fixture
def control(contoso: Contoso) -> str:
    return f"{contoso.entra.url}/_standin/"


def test_the_control_page_shows_what_there_is(contoso: Contoso, control: str) -> None:
    contoso.directory.add_person("<i>Diego</i> Siciliani")
    page = get(control)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert contoso.directory.tenant_id in page.text
    assert contoso.person.upn in page.text
    assert contoso.app.client_id in page.text
    assert "<i>Diego" not in page.text
    assert get(contoso.entra.url + "/").headers["Location"] == "/_standin/"


def test_the_control_page_rolls_keys_and_orders_failures(contoso: Contoso, control: str) -> None:
    before = contoso.entra.public_jwk()["kid"]
    pressed = post(f"{control}rotate")
    assert pressed.status_code == 303
    assert "A new key signs" in get(contoso.entra.url + pressed.headers["Location"]).text
    assert contoso.entra.public_jwk()["kid"] != before
    assert post(f"{control}fail", {"code": "7000222"}).status_code == 303
    assert contoso.redeem("any").json()["error_codes"] == [7000222]
    assert post(f"{control}fail", {"code": "503"}).status_code == 303
    assert contoso.redeem("any").status_code == 503
    assert post(f"{control}fail", {"code": "1"}).status_code == 404
    assert get(f"{control}rotate").status_code == 404


@pytest.mark.parametrize(
    "origin",
    ["https://fabrikam.com", "null", "http://127.0.0.1:1", "http://localhost.fabrikam.com"],
)
def test_another_site_cannot_press_its_buttons(control: str, origin: str) -> None:
    assert post(f"{control}rotate", headers={"Origin": origin}).status_code == 403


def test_its_own_page_can(contoso: Contoso, control: str) -> None:
    origin = {"Origin": contoso.entra.url}
    assert post(f"{control}rotate", headers=origin).status_code == 303


def test_a_name_rebound_to_loopback_sees_nothing(control: str) -> None:
    assert get(control, headers={"Host": "standin.fabrikam.com"}).status_code == 403
