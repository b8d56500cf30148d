from __future__ import annotations

from urllib.parse import urlencode

import jwt
import pytest
import requests

from azuread_connections.testing import Directory
from tests.testing.contoso import REDIRECT_URI, Contoso, fields, get, post


@pytest.fixture
def fabrikam(contoso: Contoso) -> Directory:
    contoso.app.multi_tenant = True
    return contoso.entra.add_directory("fabrikam.com")


def test_signing_out_forgets_the_browser_and_loads_the_apps_pages(contoso: Contoso) -> None:
    contoso.entra.single_sign_on = True
    contoso.app.frontchannel_logout_url = "https://portal.contoso.com/logged-out?x=1"
    with requests.Session() as browser:
        url = contoso.authorize_url()
        callback = contoso.entra.sign_in(url, contoso.person, session=browser)
        leave = {"post_logout_redirect_uri": REDIRECT_URI, "state": "s"}
        page = browser.get(
            f"{contoso.path('logout')}?{urlencode(leave)}", timeout=10, allow_redirects=False
        )
        assert "You signed out" in page.text
        sid = fields(callback)["session_state"]
        assert f'<iframe src="https://portal.contoso.com/logged-out?x=1&amp;sid={sid}"' in page.text
        policy = page.headers["Content-Security-Policy"]
        assert policy.endswith("; frame-src https://portal.contoso.com")
        assert page.headers["Refresh"] == f"1; url={REDIRECT_URI}?state=s"
        again = browser.get(contoso.authorize_url(), timeout=10, allow_redirects=False)
        assert again.status_code == 200, "the picker: nobody is remembered"
    assert contoso.entra.count("logout") == 1


@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_the_way_back_is_a_registered_one(contoso: Contoso, version: str) -> None:
    def leave(address: str, **more: str) -> requests.Response:
        params = {"post_logout_redirect_uri": address, **more}
        return get(f"{contoso.path('logout', version)}?{urlencode(params)}")

    back = leave(REDIRECT_URI, state="s")
    assert (back.status_code, back.headers["Location"]) == (302, f"{REDIRECT_URI}?state=s")
    assert leave(REDIRECT_URI).headers["Location"] == REDIRECT_URI
    assert leave("https://fabrikam.com/").status_code == 200
    other = contoso.directory.add_app(redirect_uris=["https://fabrikam.com/"])
    hint = jwt.encode({"aud": other.client_id}, "x" * 32)
    assert leave("https://fabrikam.com/", id_token_hint=hint).status_code == 302
    assert leave(REDIRECT_URI, id_token_hint=hint).status_code == 200
    assert leave(REDIRECT_URI, id_token_hint="junk").status_code == 302
    assert get(contoso.path("logout", version)).status_code == 200
    assert post(contoso.path("logout", version)).status_code == 200
