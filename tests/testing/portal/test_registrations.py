from __future__ import annotations

import pytest

from azuread_connections.testing import StandInPageError
from tests.testing.contoso import REDIRECT_URI, Contoso

from .conftest import Portal


def test_a_new_registration_shows_its_ids_and_is_listed(portal: Portal) -> None:
    app = portal.register()
    page = portal.read(f"apps/{app.client_id}/")
    for label, value in {
        "Application (client) ID": app.client_id,
        "Object ID": app.object_id,
        "Directory (tenant) ID": portal.directory.tenant_id,
        "Supported account types": "Single tenant only – Contoso",
    }.items():
        assert f">{label}</label>" in page
        assert f'value="{value}"' in page
    assert "1 web, 0 spa, 0 public client" in page
    assert app.client_id in portal.read("apps")


def test_it_has_no_credential_and_no_consent_yet(portal: Portal) -> None:
    app = portal.register()
    assert (app.secrets, app.certificates, app.federated_credentials) == ([], [], [])
    assert app.delegated == ["User.Read"]
    assert app.granted_delegated(portal.directory) == set()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "The value must not be empty."),
        ({"name": "x" * 121}, "at most 120"),
        ({"redirect_uri": "http://portal.contoso.com/"}, "Must start with &quot;HTTPS&quot;"),
        ({"platform": ""}, "Select a platform for the redirect URI."),
        ({"platform": "desktop", "redirect_uri": ""}, "Select one of the platforms."),
        ({"account_type": "everybody"}, "Select one of the account types."),
    ],
)
def test_wrong_fields_register_nothing_and_keep_what_was_typed(
    portal: Portal, changes: dict[str, str], message: str
) -> None:
    fields = {
        "name": "Example portal",
        "account_type": "AzureADMultipleOrgs",
        "platform": "spa",
        "redirect_uri": "https://portal.contoso.com/cb?x=<1>",
    }
    page = portal.refusal("apps/new", "register", **fields | changes)
    assert message in page
    assert portal.directory.apps == []
    kept = fields.keys() - changes.keys()
    if "redirect_uri" in kept:
        assert 'value="https://portal.contoso.com/cb?x=&lt;1&gt;"' in page
    if "account_type" in kept:
        assert 'value="AzureADMultipleOrgs" checked' in page


def test_the_account_types_decide_who_can_sign_in(portal: Portal) -> None:
    fabrikam = portal.entra.add_directory("fabrikam.com")
    alex = fabrikam.add_person("Alex Wilber")
    single = portal.register()
    request = Contoso(portal.entra, fabrikam, alex, single).authorize_url()
    with pytest.raises(StandInPageError, match="AADSTS700016"):
        portal.entra.sign_in(request, alex)
    everybody = portal.register(account_type="AzureADMultipleOrgs")
    assert (everybody.multi_tenant, everybody.personal_accounts) == (True, False)
    at_fabrikam = Contoso(portal.entra, fabrikam, alex, everybody)
    assert portal.entra.sign_in(at_fabrikam.authorize_url(), alex).startswith(REDIRECT_URI)
    personal = portal.register(account_type="AzureADandPersonalMicrosoftAccount")
    assert (personal.multi_tenant, personal.personal_accounts) == (True, True)
