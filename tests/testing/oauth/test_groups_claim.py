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
