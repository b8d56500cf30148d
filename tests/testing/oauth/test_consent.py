from __future__ import annotations

import pytest
import requests

from azuread_connections.testing import Directory, Person, StandInPageError
from tests.testing.contoso import Contoso, fields, post

GROUPS = "openid https://graph.microsoft.com/GroupMember.Read.All"


@pytest.fixture
def admin(contoso: Contoso) -> Person:
    return contoso.directory.add_person("Allan Deyoung", admin=True)


@pytest.fixture
def fabrikam(contoso: Contoso) -> Directory:
    """A customer's directory, with an app of Contoso's that can be used there."""
    contoso.app.multi_tenant = True
    return contoso.entra.add_directory("fabrikam.com")


def test_what_is_granted_asks_nobody(contoso: Contoso) -> None:
    contoso.code(scope="openid User.Read")
    assert contoso.entra.count("consent") == 0


def test_a_person_consents_once(contoso: Contoso) -> None:
    url = contoso.authorize_url(scope="openid Mail.Read")
    page = post(f"{contoso.path('authorize')}/pick", {"person": contoso.person.upn, **fields(url)})
    assert page.status_code == 200
    assert "Permissions requested" in page.text
    assert "Read your mail" in page.text
    for _ in range(2):
        answer = contoso.redeem(contoso.code(scope="openid Mail.Read")).json()
        assert answer["scope"] == "openid Mail.Read User.Read"
    assert contoso.entra.count("consent") == 1
    assert contoso.app.granted_delegated(contoso.directory) == {"User.Read"}
    contoso.code(scope="openid Mail.Read", prompt="consent")
    assert contoso.entra.count("consent") == 2


def test_a_person_declines(contoso: Contoso) -> None:
    url = contoso.authorize_url(scope="openid Mail.Read")
    answer = fields(contoso.entra.sign_in(url, contoso.person, accept=False))
    assert answer["error"] == "access_denied"
    assert answer["error_description"].startswith("AADSTS65004")
    assert answer["state"] == "the-state"


def test_what_needs_an_administrator_is_a_dead_end_for_others(
    contoso: Contoso, admin: Person
) -> None:
    url = contoso.authorize_url(scope=GROUPS)
    with pytest.raises(StandInPageError, match="AADSTS90094"):
        contoso.entra.sign_in(url, contoso.person)
    form = {"person": contoso.person.upn, "accept": "1", **fields(url)}
    answer = post(f"{contoso.path('authorize')}/consent", form)
    assert "Need admin approval" in answer.text
    assert "code" in fields(contoso.entra.sign_in(url, admin))
    with pytest.raises(StandInPageError, match="AADSTS90094"):
        contoso.entra.sign_in(url, contoso.person)


def test_an_administrator_may_consent_for_everybody(contoso: Contoso, admin: Person) -> None:
    url = contoso.authorize_url(scope=GROUPS)
    form = {"person": admin.upn, "accept": "1", "organization": "1", **fields(url)}
    assert post(f"{contoso.path('authorize')}/consent", form).status_code == 302
    assert "code" in fields(contoso.entra.sign_in(url, contoso.person))


def test_without_a_page_there_is_no_consent(contoso: Contoso) -> None:
    contoso.entra.single_sign_on = True
    with requests.Session() as browser:
        contoso.entra.sign_in(contoso.authorize_url(), contoso.person, session=browser)
        for scope in ("openid Mail.Read", GROUPS):
            url = contoso.authorize_url(scope=scope, prompt="none")
            answer = fields(contoso.entra.sign_in(url, contoso.person, session=browser))
            assert answer["error"] == "consent_required"
            assert answer["error_description"].startswith("AADSTS65001")


def test_the_first_of_a_customer_consents_and_the_app_is_there(
    contoso: Contoso, fabrikam: Directory
) -> None:
    megan = fabrikam.add_person("Megan Bowen")
    url = contoso.authorize_url().replace(contoso.directory.tenant_id, fabrikam.tenant_id)
    assert not contoso.app.is_present_in(fabrikam)
    contoso.entra.sign_in(url, megan)
    assert contoso.entra.count("consent") == 1
    assert contoso.app.is_present_in(fabrikam)
    contoso.entra.sign_in(url, fabrikam.add_person("Lee Gu"))
    assert contoso.entra.count("consent") == 2


@pytest.mark.parametrize(
    ("scope", "code", "error"),
    [
        ("openid https://vault.azure.net/user_impersonation", 500011, "invalid_resource"),
        ("openid User.Reed", 650053, "invalid_client"),
    ],
)
def test_an_unknown_scope_is_returned_as_an_error(
    contoso: Contoso, scope: str, code: int, error: str
) -> None:
    answer = fields(contoso.entra.sign_in(contoso.authorize_url(scope=scope), contoso.person))
    assert answer["error"] == error
    assert answer["error_description"].startswith(f"AADSTS{code}")


def test_v1_asks_for_what_the_app_is_registered_with(contoso: Contoso, admin: Person) -> None:
    contoso.app.delegated.append("GroupMember.Read.All")
    url = contoso.authorize_url("v1.0", resource="https://graph.microsoft.com")
    with pytest.raises(StandInPageError, match="AADSTS90094"):
        contoso.entra.sign_in(url, contoso.person)
    contoso.app.grant(contoso.directory)
    code = fields(contoso.entra.sign_in(url, contoso.person))["code"]
    answer = contoso.redeem(code, "v1.0").json()
    assert answer["scope"] == "openid GroupMember.Read.All User.Read"
