from __future__ import annotations

import pytest

from azuread_connections.testing import App, StandInPageError
from tests.testing.contoso import REDIRECT_URI, Contoso, post

from .conftest import Portal


@pytest.fixture
def app(portal: Portal) -> App:
    return portal.register(redirect_uri="")


@pytest.fixture
def path(app: App) -> str:
    return f"apps/{app.client_id}/authentication"


@pytest.fixture
def contoso(portal: Portal, app: App) -> Contoso:
    app.grant(portal.directory)
    app.add_secret()
    return Contoso(portal.entra, portal.directory, portal.directory.people[0], app)


def test_redirect_uris_are_added_and_removed_by_platform(
    portal: Portal, app: App, path: str
) -> None:
    page = portal.press(path, "add", platform="web", redirect_uri=REDIRECT_URI)
    assert REDIRECT_URI in page
    portal.press(path, "add", platform="spa", redirect_uri="https://portal.contoso.com/app")
    portal.press(path, "add", platform="public", redirect_uri="com.contoso.portal://auth")
    assert app.redirect_uris_of("web") == [REDIRECT_URI]
    assert app.redirect_uris_of("spa") == ["https://portal.contoso.com/app"]
    assert app.redirect_uris_of("public") == ["com.contoso.portal://auth"]
    portal.press(path, "remove", key=f"web {REDIRECT_URI}")
    portal.press(path, "remove", key="spa https://portal.contoso.com/app")
    portal.press(path, "remove", key="web nothing of ours")
    assert app.redirect_uris_of("web") == app.redirect_uris_of("spa") == []
    assert app.redirect_uris_of("public") == ["com.contoso.portal://auth"]


def test_a_wrong_redirect_uri_is_not_added(portal: Portal, app: App, path: str) -> None:
    page = portal.refusal(path, "add", platform="web", redirect_uri="http://contoso.com/")
    assert '<details class="pane" open>' in page
    assert 'aria-invalid="true"' in page
    portal.refusal(path, "add", platform="web", redirect_uri="")
    portal.refusal(path, "add", platform="desktop", redirect_uri=REDIRECT_URI)
    assert not app.has_redirect_uris()


def test_the_same_redirect_uri_is_not_added_twice(portal: Portal, app: App, path: str) -> None:
    portal.press(path, "add", platform="web", redirect_uri=REDIRECT_URI)
    page = portal.refusal(path, "add", platform="web", redirect_uri=REDIRECT_URI)
    assert "registered already" in page
    assert app.redirect_uris_of("web") == [REDIRECT_URI]


def test_a_sign_in_needs_the_redirect_uri(portal: Portal, contoso: Contoso, path: str) -> None:
    with pytest.raises(StandInPageError, match="AADSTS500113"):
        contoso.code()
    portal.press(path, "add", platform="web", redirect_uri=f"{REDIRECT_URI}/")
    with pytest.raises(StandInPageError, match="AADSTS50011"):
        contoso.code()
    portal.press(path, "add", platform="web", redirect_uri=REDIRECT_URI)
    assert contoso.redeem(contoso.code()).status_code == 200


def test_a_code_of_a_single_page_app_is_redeemed_in_a_browser_only(
    portal: Portal, contoso: Contoso, path: str
) -> None:
    portal.press(path, "add", platform="spa", redirect_uri=REDIRECT_URI)
    assert contoso.redeem(contoso.code()).json()["error_codes"] == [9002327]
    form = contoso.token_form(contoso.code(), client_secret=None)
    in_browser = post(contoso.path("token"), form, headers={"Origin": "https://portal.contoso.com"})
    assert in_browser.status_code == 200


def test_a_public_client_sends_no_secret(portal: Portal, contoso: Contoso, path: str) -> None:
    portal.press(path, "add", platform="public", redirect_uri=REDIRECT_URI)
    assert contoso.redeem(contoso.code()).json()["error_codes"] == [700025]
    assert contoso.redeem(contoso.code(), client_secret=None).status_code == 200


def test_the_logout_url_is_saved_and_checked(portal: Portal, app: App, path: str) -> None:
    portal.press(path, "logout", logout_url="https://portal.contoso.com/out")
    portal.refusal(path, "logout", logout_url="http://portal.contoso.com/out")
    assert app.frontchannel_logout_url == "https://portal.contoso.com/out"
    portal.press(path, "logout", logout_url="")
    assert app.frontchannel_logout_url is None


def test_the_account_types_can_be_changed(portal: Portal, app: App, path: str) -> None:
    portal.press(path, "types", account_type="AzureADMultipleOrgs")
    assert app.multi_tenant
    portal.press(path, "types", account_type="AzureADMyOrg")
    assert not app.multi_tenant
    portal.refusal(path, "types", account_type="anybody")
