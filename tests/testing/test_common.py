"""The endpoints that name no directory, groups in tokens, and signing out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests

from azuread_connections.testing import Directory, StandInPageError
from tests.testing.contoso import REDIRECT_URI, Contoso, fields, get, post

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.fixture
def fabrikam(contoso: Contoso) -> Directory:
    contoso.app.multi_tenant = True
    return contoso.entra.add_directory("fabrikam.com")


def at(contoso: Contoso, segment: str, **changes: str | None) -> str:
    return contoso.authorize_url(**changes).replace(contoso.directory.tenant_id, segment)


def id_token(contoso: Contoso, callback: str, segment: str) -> str:
    url = contoso.path("token").replace(contoso.directory.tenant_id, segment)
    return str(post(url, contoso.token_form(fields(callback)["code"])).json()["id_token"])


def claims_of(contoso: Contoso) -> dict[str, Any]:
    token = contoso.redeem(contoso.code()).json()["id_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


# --- Common ---------------------------------------------------------------------------------------


def test_a_guest_lands_at_home(contoso: Contoso, fabrikam: Directory) -> None:
    alex = fabrikam.add_person("Alex Wilber")
    guest = contoso.directory.add_person("Alex Wilber", guest=True, home=fabrikam)
    callback = contoso.entra.sign_in(at(contoso, "common"), guest)
    claims = jwt.decode(id_token(contoso, callback, "common"), options={"verify_signature": False})
    assert (claims["tid"], claims["oid"]) == (fabrikam.tenant_id, alex.object_id)


def test_a_guest_from_nowhere_has_no_home_to_sign_in_at(contoso: Contoso) -> None:
    contoso.app.multi_tenant = True
    guest = contoso.directory.add_person("Joni Sherman", guest=True)
    with pytest.raises(StandInPageError, match="AADSTS50020"):
        contoso.entra.sign_in(at(contoso, "common"), guest)


def test_the_picker_shows_all_directories_and_hints_narrow_it(
    contoso: Contoso, fabrikam: Directory
) -> None:
    fabrikam.add_person("Megan Bowen")
    fabrikam.add_person("Lee Gu")

    def shown(**hints: str) -> list[str]:
        page = get(at(contoso, "organizations", **hints)).text
        return re.findall('data-upn="([^"]+)"|<h2>([^<]+)</h2>', page)

    def flat(**hints: str) -> list[str]:
        return [upn or heading for upn, heading in shown(**hints)]

    megan, lee = "megan.bowen@fabrikam.com", "lee.gu@fabrikam.com"
    assert flat() == ["Contoso", "adele.vance@contoso.com", "Fabrikam", megan, lee]
    assert flat(domain_hint="fabrikam.com") == ["Fabrikam", megan, lee]
    assert flat(login_hint=megan) == ["Fabrikam", megan]
    assert flat(login_hint="somebody@fabrikam.com") == ["Fabrikam", megan, lee]
    assert len(flat(login_hint="somebody@tailspintoys.com")) == 5


def test_personal_accounts_sign_in_with_a_key_of_their_own(contoso: Contoso) -> None:
    contoso.app.multi_tenant = contoso.app.personal_accounts = True
    grady = contoso.entra.add_personal_account("Grady Archie", mail="grady@outlook.com")
    callback = contoso.entra.sign_in(at(contoso, "common", domain_hint="consumers"), grady)
    token = id_token(contoso, callback, "common")
    claims = jwt.decode(token, options={"verify_signature": False})
    issuer = f"{contoso.entra.url}/{PERSONAL}/v2.0"
    assert (claims["iss"], claims["tid"]) == (issuer, PERSONAL)
    assert claims["oid"].startswith("00000000-0000-0000-")
    kid = jwt.get_unverified_header(token)["kid"]
    for segment in ("common", "consumers", PERSONAL):
        keys = get(f"{contoso.entra.url}/{segment}/discovery/v2.0/keys").json()["keys"]
        [key] = [key for key in keys if key["kid"] == kid]
        assert key["issuer"] == issuer
    keys = get(f"{contoso.entra.url}/contoso.com/discovery/v2.0/keys").json()["keys"]
    assert kid not in [key["kid"] for key in keys]
    assert contoso.entra.public_jwk(kid)["kid"] == kid


@pytest.mark.parametrize("segment", ["common", "organizations", "contoso.com"])
def test_personal_accounts_have_no_way_into_other_apps(contoso: Contoso, segment: str) -> None:
    contoso.app.multi_tenant = True
    grady = contoso.entra.add_personal_account()
    assert "grady" not in get(at(contoso, segment)).text
    with pytest.raises(StandInPageError, match=r"AADSTS50020: .* provider 'live\.com'"):
        contoso.entra.sign_in(at(contoso, segment), grady)
    answer = fields(contoso.entra.sign_in(at(contoso, "consumers"), grady))
    assert answer["error_description"].startswith("AADSTS9002332")


def test_a_personal_account_may_be_a_guest(contoso: Contoso) -> None:
    grady = contoso.entra.add_personal_account(mail="grady@outlook.com")
    contoso.person = contoso.directory.add_person("Grady", upn="grady@outlook.com", guest=True)
    assert contoso.person.home is grady.directory
    assert claims_of(contoso)["idp"] == "live.com"


# --- Groups in the token --------------------------------------------------------------------------


def test_groups_come_with_those_around_them(contoso: Contoso) -> None:
    assert "groups" not in claims_of(contoso)
    outer = contoso.directory.add_group("Everybody")
    inner = contoso.directory.add_group("Retail", members=[contoso.person], parents=[outer])
    club = contoso.directory.add_group("Club", security=False, members=[contoso.person])
    role = contoso.directory.add_role("User Administrator", members=[contoso.person])
    assert "groups" not in claims_of(contoso)
    contoso.app.group_membership_claims = "SecurityGroup"
    claims = claims_of(contoso)
    assert set(claims["groups"]) == {outer.object_id, inner.object_id}
    assert "wids" not in claims
    contoso.app.group_membership_claims = "All"
    claims = claims_of(contoso)
    assert set(claims["groups"]) == {outer.object_id, inner.object_id, club.object_id}
    assert claims["wids"] == [role.template_id]


def test_too_many_groups_are_only_pointed_at(contoso: Contoso) -> None:
    contoso.app.group_membership_claims = "SecurityGroup"
    for number in range(200):
        contoso.directory.add_group(f"Group {number}", members=[contoso.person])
    assert len(claims_of(contoso)["groups"]) == 200
    contoso.directory.add_group("One more", members=[contoso.person])
    claims = claims_of(contoso)
    assert "groups" not in claims
    assert claims["_claim_names"] == {"groups": "src1"}
    assert claims["_claim_sources"]["src1"]["endpoint"] == (
        f"https://graph.windows.net/{contoso.directory.tenant_id}/users/"
        f"{contoso.person.object_id}/getMemberObjects"
    )


def test_an_app_may_have_optional_claims(contoso: Contoso) -> None:
    assert not claims_of(contoso).keys() & {"sid", "given_name", "acct"}
    contoso.app.optional_claims += ["sid", "given_name", "acct", "upn"]
    callback = contoso.entra.sign_in(contoso.authorize_url(), contoso.person)
    token = id_token(contoso, callback, contoso.directory.tenant_id)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sid"] == fields(callback)["session_state"]
    assert (claims["given_name"], claims["acct"]) == ("Adele", 0)
    assert claims["upn"] == contoso.person.upn


# --- Signing out ----------------------------------------------------------------------------------


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
