from __future__ import annotations

from typing import Any

import jwt

from tests.testing.contoso import Contoso, fields, post


def id_token(contoso: Contoso, callback: str, segment: str) -> str:
    url = contoso.path("token").replace(contoso.directory.tenant_id, segment)
    return str(post(url, contoso.token_form(fields(callback)["code"])).json()["id_token"])


def claims_of(contoso: Contoso) -> dict[str, Any]:
    token = contoso.redeem(contoso.code()).json()["id_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_an_app_may_have_optional_claims(contoso: Contoso) -> None:
    assert not claims_of(contoso).keys() & {"sid", "given_name", "acct"}
    contoso.app.optional_claims += ["sid", "given_name", "acct", "upn"]
    callback = contoso.entra.sign_in(contoso.authorize_url(), contoso.person)
    token = id_token(contoso, callback, contoso.directory.tenant_id)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sid"] == fields(callback)["session_state"]
    assert (claims["given_name"], claims["acct"]) == ("Adele", 0)
    assert claims["upn"] == contoso.person.upn
