from __future__ import annotations

from azuread_connections.testing.oauth import tokens
from tests.testing.contoso import Contoso, get


def test_userinfo_is_where_the_discovery_document_says(contoso: Contoso) -> None:
    discovered = get(
        f"{contoso.entra.url}/{contoso.directory.tenant_id}/v2.0/.well-known/openid-configuration"
    ).json()
    token = contoso.redeem(contoso.code()).json()["access_token"]

    answer = get(discovered["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})

    assert answer.json() == {
        "sub": tokens.pairwise_subject(contoso.app, contoso.person),
        "name": "Adele Vance",
        "given_name": contoso.person.given_name,
        "family_name": contoso.person.family_name,
        "email": contoso.person.mail,
    }
    assert contoso.entra.count("userinfo") == 1


def test_userinfo_needs_a_token(contoso: Contoso) -> None:
    assert get(f"{contoso.entra.url}/oidc/userinfo").status_code == 401
