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


def test_a_token_can_say_when_and_how_the_person_authenticated(contoso: Contoso) -> None:
    assert not claims_of(contoso).keys() & {"auth_time", "amr"}
    contoso.app.optional_claims += ["auth_time", "amr"]
    contoso.person.methods = ["pwd", "mfa"]
    contoso.entra.clock = lambda: 1_790_000_000.5
    claims = claims_of(contoso)
    assert claims["auth_time"] == 1_790_000_000
    assert claims["amr"] == ["pwd", "mfa"]


def test_a_v1_token_always_says_how(contoso: Contoso) -> None:
    contoso.person.methods = ["rsa"]
    token = contoso.redeem(contoso.code("v1.0"), "v1.0").json()["id_token"]
    assert jwt.decode(token, options={"verify_signature": False})["amr"] == ["rsa"]


def test_app_roles_are_in_the_token_of_the_person_who_has_some(contoso: Contoso) -> None:
    assert "roles" not in claims_of(contoso)
    contoso.app.assign_roles(contoso.person, "Orders.Read", "Orders.Approve")
    assert claims_of(contoso)["roles"] == ["Orders.Read", "Orders.Approve"]


def test_an_app_role_of_a_group_reaches_its_direct_members(contoso: Contoso) -> None:
    team = contoso.directory.add_group("Team", members=[contoso.person])
    everybody = contoso.directory.add_group("Everybody", members=[team])
    contoso.app.assign_roles(team, "Orders.Read")
    contoso.app.assign_roles(everybody, "Orders.Delete")
    contoso.app.assign_roles(contoso.person, "Orders.Approve", "Orders.Read")
    assert contoso.app.roles_of(contoso.person) == ["Orders.Approve", "Orders.Read"]


def test_claims_of_the_directory_come_with_the_registration(contoso: Contoso) -> None:
    contoso.person.graph.update(country="NL", employeeId="E-1", extension_00aa_badge=17)
    names = {"ctry", "employeeid", "extn.badge"}
    assert not names & claims_of(contoso).keys()
    contoso.app.optional_claims += ["ctry", "employeeid", "extension_00aa_badge"]
    claims = claims_of(contoso)
    assert {name: claims[name] for name in names} == {
        "ctry": "NL",
        "employeeid": "E-1",
        "extn.badge": 17,
    }
