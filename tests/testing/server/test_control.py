from __future__ import annotations

import pytest

from tests.testing.contoso import Contoso, get, post


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
