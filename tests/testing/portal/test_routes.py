"""Addresses of the portal, and who may use them."""

from __future__ import annotations

import pytest

from tests.testing.contoso import get, post

from .conftest import Portal


@pytest.fixture
def base(portal: Portal) -> str:
    return f"{portal.entra.url}/_standin/portal"


def test_the_only_directory_is_opened_at_once(portal: Portal, base: str) -> None:
    assert get(f"{base}/").headers["Location"] == f"/_standin/portal/{portal.directory.tenant_id}/"


def test_several_directories_are_listed_with_the_page_that_was_asked_for(
    portal: Portal, base: str
) -> None:
    fabrikam = portal.entra.add_directory("fabrikam.com", name="<b>Fabrikam</b>")
    page = get(f"{base}/apps/new").text
    assert f"{fabrikam.tenant_id}/apps/new" in page
    assert f"{portal.directory.tenant_id}/apps/new" in page
    assert "<b>Fabrikam" not in page


def test_a_browser_returns_to_the_directory_that_it_was_last_in(portal: Portal, base: str) -> None:
    portal.entra.add_directory("fabrikam.com")
    cookie = get(portal.url()).headers["Set-Cookie"].partition(";")[0]
    headers = {"Cookie": cookie}
    again = get(f"{base}/apps/new", headers=headers)
    assert again.headers["Location"].endswith(f"{portal.directory.tenant_id}/apps/new")
    assert "Fabrikam" in get(f"{base}/?choose=1", headers=headers).text


def test_an_app_knows_its_directory(portal: Portal, base: str) -> None:
    app = portal.entra.add_directory("fabrikam.com").add_app()
    moved = get(f"{base}/apps/{app.client_id}/credentials")
    assert moved.headers["Location"] == (
        f"/_standin/portal/{app.directory.tenant_id}/apps/{app.client_id}/credentials"
    )


def test_a_domain_names_its_directory(portal: Portal, base: str) -> None:
    assert portal.directory.tenant_id in get(f"{base}/contoso.net/").text


@pytest.mark.parametrize(
    "path",
    [
        "nowhere",
        "apps/11111111-2222-3333-4444-555555555555/",
        "contoso.com/nowhere",
        "contoso.com/apps/nothing/credentials",
        "consumers/",
        "%2e%2e/%2e%2e/",
        "%3Cscript%3E",
    ],
)
def test_there_is_nothing_elsewhere(base: str, path: str) -> None:
    answer = get(f"{base}/{path}")
    assert answer.status_code == 404
    assert "<script" not in answer.text


def test_an_app_is_changed_only_in_its_own_directory(portal: Portal) -> None:
    app = portal.entra.add_directory("fabrikam.com").add_app()
    address = portal.url(f"apps/{app.client_id}/credentials")
    assert get(address).status_code == 404
    assert post(address, {"do": "add_secret", "expires": "180"}).status_code == 404
    assert len(app.secrets) == 1


def test_a_button_that_the_page_does_not_have_does_nothing(portal: Portal, base: str) -> None:
    assert portal.send("apps/new", "grant").status_code == 404
    assert post(f"{base}/", {"do": "register"}).status_code == 404


@pytest.mark.parametrize("origin", ["https://fabrikam.com", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_press_the_buttons(portal: Portal, origin: str) -> None:
    fields = {"do": "register", "name": "Theirs", "account_type": "AzureADMyOrg"}
    answer = post(portal.url("apps/new"), fields, headers={"Origin": origin})
    assert answer.status_code == 403
    assert portal.directory.apps == []


def test_a_name_rebound_to_loopback_sees_nothing(portal: Portal) -> None:
    assert get(portal.url(), headers={"Host": "portal.fabrikam.com"}).status_code == 403


def test_no_page_runs_a_script_or_is_framed(portal: Portal) -> None:
    app = portal.register(name='<script>"Example"</script>')
    for path in ("", "users", "domains", "apps", "apps/new", "enterprise"):
        assert "<script" not in portal.read(path)
    for path in ("", "authentication", "credentials", "permissions"):
        assert "<script" not in portal.read(f"apps/{app.client_id}/{path}")
    policy = get(portal.url()).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_notice_is_never_the_addresss_own_text(portal: Portal) -> None:
    assert "Call this number" not in portal.read("apps?done=Call this number")
