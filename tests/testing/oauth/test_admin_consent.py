"""The page on which a directory's administrator consents for everybody."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from azuread_connections.testing import Directory, Person, StandInPageError
from tests.testing.contoso import REDIRECT_URI, Contoso, fields, get, post

DEFAULT = "https://graph.microsoft.com/.default"


@pytest.fixture
def admin(contoso: Contoso) -> Person:
    return contoso.directory.add_person("Allan Deyoung", admin=True)


@pytest.fixture
def fabrikam(contoso: Contoso) -> Directory:
    """A customer's directory, with an app of Contoso's that can be used there."""
    contoso.app.multi_tenant = True
    return contoso.entra.add_directory("fabrikam.com")


def consent_url(contoso: Contoso, path: str, **changes: str | None) -> str:
    params: dict[str, str | None] = {
        "client_id": contoso.app.client_id,
        "redirect_uri": REDIRECT_URI,
        "state": "the-state",
        "scope": DEFAULT,
    } | changes
    given = {name: value for name, value in params.items() if value is not None}
    return f"{contoso.entra.url}/{path}?{urlencode(given)}"


def test_v2_grants_a_customers_directory(contoso: Contoso, fabrikam: Directory) -> None:
    contoso.app.delegated.append("GroupMember.Read.All")
    contoso.app.application.append("User.Read.All")
    megan = fabrikam.add_person("Megan Bowen", admin=True)
    url = consent_url(contoso, "organizations/v2.0/adminconsent")
    callback = contoso.entra.consent(url, megan)
    assert callback.startswith(f"{REDIRECT_URI}?")
    assert fields(callback) == {
        "admin_consent": "True",
        "tenant": fabrikam.tenant_id,
        "scope": DEFAULT,
        "state": "the-state",
    }
    assert contoso.app.is_present_in(fabrikam)
    assert contoso.app.granted_delegated(fabrikam) == {"User.Read", "GroupMember.Read.All"}
    assert contoso.app.granted_application(fabrikam) == {"User.Read.All"}
    assert contoso.entra.count("admin_consent") == 3


def test_v2_grants_the_scopes_that_were_named_and_no_others(
    contoso: Contoso, admin: Person
) -> None:
    contoso.app.application.append("User.Read.All")
    scope = "https://graph.microsoft.com/GroupMember.Read.All"
    path = f"{contoso.directory.tenant_id}/v2.0/adminconsent"
    contoso.entra.consent(consent_url(contoso, path, scope=scope), admin)
    assert contoso.app.granted_delegated(contoso.directory) == {"GroupMember.Read.All", "User.Read"}
    assert contoso.app.granted_application(contoso.directory) == set()


@pytest.mark.parametrize("tenant", ["common", "contoso.com"])
def test_v1_grants_everything_registered(contoso: Contoso, admin: Person, tenant: str) -> None:
    contoso.app.multi_tenant = True
    contoso.app.application.append("User.Read.All")
    url = consent_url(contoso, f"{tenant}/adminconsent", scope=None)
    assert fields(contoso.entra.consent(url, admin)) == {
        "admin_consent": "True",
        "tenant": contoso.directory.tenant_id,
        "state": "the-state",
    }
    assert contoso.app.granted_application(contoso.directory) == {"User.Read.All"}


def test_declining_says_admin_consent_all_the_same(contoso: Contoso, admin: Person) -> None:
    url = consent_url(contoso, "contoso.com/v2.0/adminconsent")
    for person in (None, admin):
        answer = fields(contoso.entra.decline_consent(url, person))
        assert answer["error"] == "access_denied"
        assert answer["error_description"].startswith("AADSTS65004")
        assert answer["admin_consent"] == "True"
        assert answer["state"] == "the-state"
        assert "tenant" not in answer


def test_somebody_of_another_directory_is_denied(contoso: Contoso, fabrikam: Directory) -> None:
    megan = fabrikam.add_person("Megan Bowen", admin=True)
    url = consent_url(contoso, "contoso.com/v2.0/adminconsent")
    answer = fields(contoso.entra.consent(url, megan))
    assert answer["error"] == "access_denied"
    assert answer["error_description"].startswith("AADSTS50020")
    assert answer["admin_consent"] == "True"


def test_a_non_administrator_does_not_come_back(contoso: Contoso) -> None:
    url = consent_url(contoso, "contoso.com/v2.0/adminconsent")
    with pytest.raises(StandInPageError, match="AADSTS90094"):
        contoso.entra.consent(url, contoso.person)


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("common/v2.0/adminconsent", {}, 50059),
        ("contoso.com/v2.0/adminconsent", {"redirect_uri": "https://fabrikam.com/"}, 50011),
        ("tailspintoys.com/adminconsent", {}, 90002),
    ],
)
def test_a_bad_request_for_consent_is_a_page(
    contoso: Contoso, admin: Person, path: str, changes: dict[str, str | None], code: int
) -> None:
    with pytest.raises(StandInPageError, match=f"AADSTS{code}"):
        contoso.entra.consent(consent_url(contoso, path, **changes), admin)


def test_other_mistakes_of_a_request_for_consent_come_back(contoso: Contoso, admin: Person) -> None:
    single = consent_url(contoso, "organizations/v2.0/adminconsent")
    assert "AADSTS50194" in fields(contoso.entra.consent(single, admin))["error_description"]
    empty = consent_url(contoso, "contoso.com/v2.0/adminconsent", scope=None)
    assert "AADSTS900144" in fields(contoso.entra.consent(empty, admin))["error_description"]
    contoso.entra.fault("admin_consent", error="consent_required", aadsts=90095)
    url = consent_url(contoso, "contoso.com/v2.0/adminconsent")
    assert fields(contoso.entra.consent(url, admin))["error"] == "consent_required"


def test_the_page_names_the_permissions(contoso: Contoso, admin: Person) -> None:
    contoso.app.application.append("User.Read.All")
    url = consent_url(contoso, "contoso.com/v2.0/adminconsent", state='"><b>')
    picker = get(url).text
    assert picker.index("Allan Deyoung") < picker.index("Adele Vance")
    form = {"person": admin.upn, **fields(url)}
    page = post(url.partition("?")[0] + "/decide", form).text
    assert "Read all users&#x27; full profiles, without anybody signed in" in page
    assert "<b>" not in page
