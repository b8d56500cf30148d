from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
import requests

from azuread_connections.testing import StandIn
from tests.testing.contoso import Contoso, get

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
