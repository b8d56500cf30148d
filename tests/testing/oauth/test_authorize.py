from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import jwt
import pytest
import requests

from azuread_connections.testing import Directory, StandIn, StandInPageError
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


def test_the_callback_gets_a_long_code_and_the_state(contoso: Contoso) -> None:
    callback = contoso.entra.sign_in(contoso.authorize_url(), "ADELE.vance@contoso.com")
    answer = fields(callback)
    assert callback.startswith(f"{REDIRECT_URI}?")
    assert answer["state"] == "the-state"
    assert answer["code"].startswith("1.A")
    assert 1000 <= len(answer["code"]) <= 2000
    assert uuid.UUID(answer["session_state"])
    assert answer.keys() == {"code", "state", "session_state"}


def test_the_picker_offers_everybody_and_escapes_what_it_shows(contoso: Contoso) -> None:
    contoso.directory.add_person("<b>Alex</b> Wilber", upn="alex@contoso.com")
    page = get(contoso.authorize_url(state='"><script>'))
    assert page.status_code == 200
    assert "Stand-in for Microsoft: not the real thing" in page.text
    assert 'data-upn="adele.vance@contoso.com"' in page.text
    assert "<b>Alex" not in page.text
    assert "<script>" not in page.text
    assert '"><script>' in unescape(page.text)


def test_many_people_can_be_searched_and_the_hinted_person_is_first(contoso: Contoso) -> None:
    for number in range(40):
        contoso.directory.add_person(f"Person {number:02}")
    hinted = get(contoso.authorize_url(login_hint="person.39@contoso.com")).text
    assert re.findall('data-upn="([^"]+)"', hinted)[0] == "person.39@contoso.com"
    found = get(contoso.authorize_url(standin_search="person 38")).text
    assert re.findall('data-upn="([^"]+)"', found) == ["person.38@contoso.com"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": str(uuid.UUID(int=1))}, 700016),
        ({"client_id": None}, 900144),
        ({"redirect_uri": f"{REDIRECT_URI}/"}, 50011),
        ({"redirect_uri": "https://portal.contoso.com/Login/callback"}, 50011),
        ({"redirect_uri": "https://fabrikam.com/"}, 50011),
        ({"redirect_uri": None}, 900971),
    ],
)
def test_without_a_good_app_and_address_there_is_a_page_and_no_redirect(
    contoso: Contoso, changes: dict[str, str | None], code: int
) -> None:
    with pytest.raises(StandInPageError, match=f"AADSTS{code}: ") as page:
        contoso.entra.sign_in(contoso.authorize_url(**changes), contoso.person)
    assert page.value.code == code


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"resource": "https://graph.microsoft.com"}, "invalid_request", 901002),
        ({"scope": None}, "invalid_request", 900144),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "code token"}, "unsupported_response_type", 700051),
        ({"response_type": "saml"}, "unsupported_response_type", 70005),
        ({"response_mode": "pigeon"}, "invalid_request", 70007),
        ({"code_challenge": "short"}, "invalid_request", 50147),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_other_mistakes_come_back_on_the_callback(
    contoso: Contoso, changes: dict[str, str | None], error: str, code: int
) -> None:
    contoso.entra.single_sign_on = False
    url = contoso.authorize_url(**changes)
    if changes.get("response_mode") == "pigeon":
        location = get(url).headers["Location"]
    else:
        location = contoso.entra.sign_in(url, contoso.person)
    answer = fields(location)
    assert location.startswith(f"{REDIRECT_URI}?")
    assert answer["error"] == error
    assert answer["error_description"].startswith(f"AADSTS{code}: ")
    assert answer["state"] == "the-state"
    assert "code" not in answer


def test_v1_takes_a_resource(contoso: Contoso) -> None:
    url = contoso.authorize_url("v1.0", resource="https://graph.microsoft.com", scope=None)
    assert "code" in fields(contoso.entra.sign_in(url, contoso.person))


def test_v1_refuses_a_resource_that_nobody_has(contoso: Contoso) -> None:
    url = contoso.authorize_url("v1.0", resource="https://vault.azure.net")
    answer = fields(contoso.entra.sign_in(url, contoso.person))
    assert answer["error_description"].startswith("AADSTS500011")


def test_the_port_of_a_loopback_address_is_free(contoso: Contoso) -> None:
    contoso.app.redirect_uris.append("http://localhost:8000/login/callback")
    url = contoso.authorize_url(redirect_uri="http://localhost:49152/login/callback")
    callback = contoso.entra.sign_in(url, contoso.person)
    assert callback.startswith("http://localhost:49152/login/callback?code=")


def test_a_loopback_registration_allows_no_look_alike(contoso: Contoso) -> None:
    contoso.app.redirect_uris.append("http://localhost/login/callback")
    for host in ("localhost.fabrikam.com", "localhost:1@fabrikam.com", "localhost:80.fabrikam.com"):
        with pytest.raises(StandInPageError, match="AADSTS50011"):
            contoso.entra.sign_in(
                contoso.authorize_url(redirect_uri=f"http://{host}/login/callback"), "nobody"
            )


def test_a_single_page_app_needs_pkce(contoso: Contoso) -> None:
    contoso.app.platform = "spa"
    url = contoso.authorize_url(code_challenge=None, code_challenge_method=None)
    answer = fields(contoso.entra.sign_in(url, contoso.person))
    assert answer["error_description"].startswith("AADSTS9002325")


def test_declining_returns_access_denied(contoso: Contoso) -> None:
    answer = fields(contoso.entra.decline(contoso.authorize_url()))
    assert answer["error"] == "access_denied"
    assert answer["error_subcode"] == "cancel"
    assert answer["error_description"].startswith("AADSTS65004: User declined to consent")
    assert answer["state"] == "the-state"


def test_a_disabled_person_stays_on_a_page(contoso: Contoso) -> None:
    contoso.person.enabled = False
    with pytest.raises(StandInPageError, match="AADSTS50057"):
        contoso.entra.sign_in(contoso.authorize_url(), contoso.person)


def test_somebody_of_another_directory_cannot_sign_in_unless_a_guest(contoso: Contoso) -> None:
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    stranger = fabrikam.add_person("Megan Bowen")
    with pytest.raises(StandInPageError, match="AADSTS50020: User account 'megan"):
        contoso.entra.sign_in(contoso.authorize_url(), stranger)
    contoso.directory.add_person("Megan Bowen", guest=True, home=fabrikam)
    assert "code" in fields(contoso.entra.sign_in(contoso.authorize_url(), stranger))


def test_a_name_that_nobody_has_is_unknown(contoso: Contoso) -> None:
    with pytest.raises(StandInPageError, match="AADSTS50034"):
        contoso.entra.sign_in(contoso.authorize_url(), "nobody@tailspintoys.com")


def test_another_directory_may_use_only_a_multi_tenant_app(contoso: Contoso) -> None:
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    megan = fabrikam.add_person("Megan Bowen")
    url = contoso.authorize_url().replace(contoso.directory.tenant_id, "fabrikam.com")
    with pytest.raises(StandInPageError, match="AADSTS700016"):
        contoso.entra.sign_in(url, megan)
    contoso.app.multi_tenant = True
    assert "code" in fields(contoso.entra.sign_in(url, megan))


def test_the_common_endpoint_takes_only_multi_tenant_apps(contoso: Contoso) -> None:
    url = contoso.authorize_url().replace(contoso.directory.tenant_id, "common")
    answer = fields(contoso.entra.sign_in(url, contoso.person))
    assert answer["error_description"].startswith("AADSTS50194")
    contoso.app.multi_tenant = True
    assert "code" in fields(contoso.entra.sign_in(url, contoso.person))


def test_an_unknown_directory_is_a_page(contoso: Contoso) -> None:
    url = contoso.authorize_url().replace(contoso.directory.tenant_id, "tailspintoys.com")
    with pytest.raises(StandInPageError, match="AADSTS90002"):
        contoso.entra.sign_in(url, contoso.person)


def test_form_post_answers_with_a_page_that_posts(contoso: Contoso) -> None:
    url = contoso.authorize_url(response_mode="form_post")
    form = {"person": contoso.person.object_id, **fields(url)}
    page = post(f"{contoso.path('authorize')}/pick", form)
    assert page.status_code == 200
    assert f'action="{REDIRECT_URI}"' in page.text
    assert "code" in fields(contoso.entra.sign_in(url, contoso.person))


def test_the_fragment_stays_in_the_browser(contoso: Contoso) -> None:
    callback = contoso.entra.sign_in(
        contoso.authorize_url(response_mode="fragment"), contoso.person
    )
    assert callback.startswith(f"{REDIRECT_URI}#code=")


def test_the_choice_is_checked_like_the_request(contoso: Contoso) -> None:
    form = {"person": contoso.person.object_id, **fields(contoso.authorize_url())}
    form["redirect_uri"] = "https://fabrikam.com/"
    answer = post(f"{contoso.path('authorize')}/pick", form)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_single_sign_on_is_off_by_default(contoso: Contoso) -> None:
    with requests.Session() as browser:
        contoso.entra.sign_in(contoso.authorize_url(), contoso.person, session=browser)
        assert not browser.cookies
        assert browser.get(contoso.authorize_url(), timeout=10).status_code == 200


def test_single_sign_on_remembers_the_browser(contoso: Contoso) -> None:
    contoso.entra.single_sign_on = True
    alex = contoso.directory.add_person("Alex Wilber")
    with requests.Session() as browser:
        first = contoso.entra.sign_in(contoso.authorize_url(), contoso.person, session=browser)

        def again(**changes: str) -> requests.Response:
            url = contoso.authorize_url(**changes)
            return browser.get(url, timeout=10, allow_redirects=False)

        straight_back = fields(again().headers["Location"])
        assert straight_back["session_state"] == fields(first)["session_state"]
        assert "code" in fields(again(prompt="none").headers["Location"])
        assert again(prompt="select_account").status_code == 200
        assert again(login_hint=alex.upn).status_code == 200

        url = contoso.authorize_url(prompt="select_account")
        contoso.entra.sign_in(url, alex, session=browser)
        assert again().status_code == 200, "two accounts are remembered: which one?"


def test_an_ordered_error_goes_where_microsoft_sends_it(contoso: Contoso) -> None:
    contoso.entra.fault("authorize", aadsts=65001)
    answer = fields(contoso.entra.sign_in(contoso.authorize_url(), contoso.person))
    assert answer["error_description"].startswith("AADSTS65001")
    contoso.entra.fault("authorize", aadsts=53003)
    with pytest.raises(StandInPageError, match="AADSTS53003"):
        contoso.entra.sign_in(contoso.authorize_url(), contoso.person)
    contoso.entra.fault("authorize", error="temporarily_unavailable")
    answer = fields(contoso.entra.sign_in(contoso.authorize_url(), contoso.person))
    assert answer["error"] == "temporarily_unavailable"


def test_the_error_lookup_knows_its_codes(entra: StandIn) -> None:
    assert "client secret keys" in get(f"{entra.url}/error?code=7000222").text
    assert "no such code" in get(f"{entra.url}/error?code=<b>").text


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


def test_tokens_of_personal_accounts_have_a_separate_key(contoso: Contoso) -> None:
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
def test_personal_accounts_cannot_sign_in_to_other_apps(contoso: Contoso, segment: str) -> None:
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
