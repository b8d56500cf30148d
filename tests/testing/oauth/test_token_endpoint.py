from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import jwt
import pytest
import requests

from azuread_connections.testing import StandIn
from tests.testing.contoso import REDIRECT_URI, Contoso, get, post


def verified(contoso: Contoso, token: str, version: str) -> dict[str, Any]:
    """The claims of an ID token, its signature checked with the published key of its kid."""
    path = "common/discovery/keys" if version == "v1.0" else "common/discovery/v2.0/keys"
    published = get(f"{contoso.entra.url}/{path}").json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    jwk = next(key for key in published if key["kid"] == kid)
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(jwk, "RS256"), algorithms=["RS256"], audience=contoso.app.client_id
    )
    return claims


def test_v2_gives_tokens_for_a_code(contoso: Contoso) -> None:
    answer = contoso.redeem(contoso.code())
    tokens = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store, no-cache"
    assert tokens["token_type"] == "Bearer"
    # More than requested: earlier grants are included.
    assert tokens["scope"] == "openid profile email User.Read"
    assert 3599 <= tokens["expires_in"] <= 5399
    assert "refresh_token" not in tokens
    assert jwt.get_unverified_header(tokens["id_token"]).keys() == {"typ", "alg", "kid"}
    claims = verified(contoso, tokens["id_token"], "v2.0")
    assert claims["iss"] == f"{contoso.entra.url}/{contoso.directory.tenant_id}/v2.0"
    assert claims["tid"] == contoso.directory.tenant_id
    assert claims["oid"] == contoso.person.object_id
    assert claims["preferred_username"] == "adele.vance@contoso.com"
    assert claims["email"] == "adele.vance@contoso.com"
    assert claims["nonce"] == "the-nonce"
    assert claims["ver"] == "2.0"
    assert claims["exp"] - claims["iat"] == 3900
    assert 290 <= time.time() - claims["iat"] <= 310
    assert len(claims["sub"]) == 43
    assert not claims.keys() & {"upn", "given_name", "family_name", "email_verified", "at_hash"}


def test_v2_gives_only_what_the_scopes_name(contoso: Contoso) -> None:
    plain = contoso.redeem(contoso.code(scope="openid")).json()
    claims = verified(contoso, plain["id_token"], "v2.0")
    assert claims.keys() == {
        *("aud", "iss", "iat", "nbf", "exp", "aio"),
        *("nonce", "rh", "sub", "tid", "uti", "ver"),
    }
    no_openid = contoso.redeem(contoso.code(scope="User.Read offline_access")).json()
    assert "id_token" not in no_openid
    assert no_openid["refresh_token"]
    assert no_openid["scope"] == "User.Read"


def test_v1_writes_numbers_as_strings_and_signs_for_openid(contoso: Contoso) -> None:
    code = contoso.code("v1.0", resource="https://graph.microsoft.com")
    tokens = contoso.redeem(code, "v1.0").json()
    assert tokens["resource"] == "https://graph.microsoft.com"
    assert tokens["refresh_token"]
    for number in ("expires_in", "expires_on", "not_before"):
        assert tokens[number].isdigit()
    header = jwt.get_unverified_header(tokens["id_token"])
    assert header["x5t"] == header["kid"]
    claims = verified(contoso, tokens["id_token"], "v1.0")
    assert claims["iss"] == f"https://sts.windows.net/{contoso.directory.tenant_id}/"
    assert claims["ver"] == "1.0"
    assert claims["upn"] == claims["unique_name"] == "adele.vance@contoso.com"
    assert claims["given_name"] == "Adele"
    assert claims["family_name"] == "Vance"
    assert "preferred_username" not in claims


def test_v1_without_scope_openid_leaves_the_id_token_unsigned(contoso: Contoso) -> None:
    code = contoso.code("v1.0", scope=None)
    token = contoso.redeem(code, "v1.0").json()["id_token"]
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "none"}
    assert token.endswith(".")


def test_a_guest_names_the_home_directory(contoso: Contoso) -> None:
    home = contoso.entra.add_directory("fabrikam.com")
    guest = contoso.directory.add_person("Alex Wilber", guest=True, home=home)
    assert guest.upn == "alex.wilber_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    contoso.person = guest
    claims = verified(contoso, contoso.redeem(contoso.code()).json()["id_token"], "v2.0")
    assert claims["idp"] == f"https://sts.windows.net/{home.tenant_id}/"
    assert claims["tid"] == contoso.directory.tenant_id
    assert claims["preferred_username"] == "alex.wilber@fabrikam.com"
    old = verified(contoso, contoso.redeem(contoso.code("v1.0"), "v1.0").json()["id_token"], "v1.0")
    assert "upn" not in old


def test_a_persons_own_claims_are_added_and_taken_out(contoso: Contoso) -> None:
    contoso.person.claims |= {"groups": ["one"], "email": None}
    claims = verified(contoso, contoso.redeem(contoso.code()).json()["id_token"], "v2.0")
    assert claims["groups"] == ["one"]
    assert "email" not in claims


def test_the_subject_is_pairwise(contoso: Contoso) -> None:
    def subject() -> str:
        token = contoso.redeem(contoso.code()).json()["id_token"]
        return str(verified(contoso, token, "v2.0")["sub"])

    first = subject()
    assert subject() == first
    contoso.app = contoso.directory.add_app(redirect_uris=[REDIRECT_URI])
    assert subject() != first


def test_the_secret_may_come_by_http_basic(contoso: Contoso) -> None:
    contoso.app.secrets[0].value = "with:a/colon+and ~space"
    form = contoso.token_form(contoso.code(), client_id=None, client_secret=None)
    basic = (contoso.app.client_id, quote(contoso.app.secrets[0].value, safe=""))
    assert post(contoso.path("token"), form, auth=basic).status_code == 200


def test_any_unexpired_secret_is_good(contoso: Contoso) -> None:
    added = contoso.app.add_secret(expires_at=time.time() + 60)
    assert contoso.redeem(contoso.code(), client_secret=added.value).status_code == 200
    contoso.app.remove_secret(added.key_id)
    answer = contoso.redeem(contoso.code(), client_secret=added.value)
    assert answer.json()["error_codes"] == [7000215]


def expire_the_secret(contoso: Contoso) -> None:
    contoso.app.secrets[0].expires_at = time.time() - 1


def become_a_spa(contoso: Contoso) -> None:
    contoso.app.platform = "spa"


def become_disabled(contoso: Contoso) -> None:
    contoso.person.enabled = False


def eleven_minutes_later(contoso: Contoso) -> None:
    contoso.entra.clock = lambda: time.time() + 660


def nothing(contoso: Contoso) -> None:
    pass


# OAuth error, AADSTS code, HTTP status.
Refused = tuple[str, int, int]

ERRORS: list[tuple[dict[str, str | None], Callable[[Contoso], None], Refused]] = [
    ({"grant_type": None}, nothing, ("invalid_request", 900144, 400)),
    ({"grant_type": "password"}, nothing, ("unsupported_grant_type", 70003, 400)),
    ({"code": None}, nothing, ("invalid_request", 900144, 400)),
    ({"redirect_uri": None}, nothing, ("invalid_request", 900144, 400)),
    ({"client_id": None}, nothing, ("invalid_request", 900144, 400)),
    # A malformed code is detected before a wrong secret.
    ({"code": "junk", "client_secret": "wrong"}, nothing, ("invalid_grant", 9002313, 400)),
    ({"code": f"1.A{'x' * 1000}"}, nothing, ("invalid_grant", 70000, 400)),
    ({"client_id": str(uuid.UUID(int=1))}, nothing, ("unauthorized_client", 700016, 400)),
    ({"client_secret": None}, nothing, ("invalid_client", 7000218, 401)),
    ({"client_secret": "wrong"}, nothing, ("invalid_client", 7000215, 401)),
    ({}, expire_the_secret, ("invalid_client", 7000222, 401)),
    ({"redirect_uri": f"{REDIRECT_URI}/"}, nothing, ("invalid_client", 500112, 401)),
    ({}, eleven_minutes_later, ("invalid_grant", 70008, 400)),
    ({}, become_disabled, ("invalid_grant", 50057, 400)),
    ({"code_verifier": "x" * 43}, nothing, ("invalid_grant", 501481, 400)),
    ({"code_verifier": None}, nothing, ("invalid_grant", 501481, 400)),
    ({}, become_a_spa, ("invalid_request", 9002327, 400)),
]


@pytest.mark.parametrize(("changes", "happen", "refused"), ERRORS)
def test_a_bad_request_gets_microsofts_error(
    contoso: Contoso,
    changes: dict[str, str | None],
    happen: Callable[[Contoso], None],
    refused: Refused,
) -> None:
    good_code = contoso.code()
    form = contoso.token_form(good_code, **changes)
    happen(contoso)
    answer = post(contoso.path("token"), form)
    body = answer.json()
    error, code, status = refused
    assert (body["error"], body["error_codes"], answer.status_code) == (error, [code], status)
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert "\r\n" not in body["error_description"]


def test_the_wrong_secret_gets_the_text_that_admins_know(contoso: Contoso) -> None:
    text = contoso.redeem(contoso.code(), client_secret="wrong").json()["error_description"]
    assert text.startswith(
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the "
        "request is the client secret value, not the client secret ID, for a secret added to "
        f"app '{contoso.app.client_id}'. Trace ID: "
    )


def test_a_code_works_once(contoso: Contoso) -> None:
    code = contoso.code()
    assert contoso.redeem(code).status_code == 200
    body = contoso.redeem(code).json()
    assert (body["error"], body["error_codes"]) == ("invalid_grant", [54005])


@pytest.mark.parametrize("mistake", [{"code_verifier": "x" * 43}, {"client_secret": "wrong"}])
def test_a_wrong_verifier_or_secret_does_not_use_the_code_up(
    contoso: Contoso, mistake: dict[str, str | None]
) -> None:
    code = contoso.code()
    assert contoso.redeem(code, **mistake).status_code in (400, 401)
    assert contoso.redeem(code).status_code == 200


def test_a_code_belongs_to_its_directory(contoso: Contoso) -> None:
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    contoso.app.multi_tenant = True
    code = contoso.code()
    elsewhere = contoso.path("token").replace(contoso.directory.tenant_id, fabrikam.tenant_id)
    assert post(elsewhere, contoso.token_form(code)).json()["error_codes"] == [700005]
    unknown = contoso.path("token").replace(contoso.directory.tenant_id, "tailspintoys.com")
    body = post(unknown, contoso.token_form(code)).json()
    assert (body["error"], body["error_codes"]) == ("invalid_request", [90002])


def test_a_code_belongs_to_its_app(contoso: Contoso) -> None:
    other = contoso.directory.add_app(redirect_uris=[REDIRECT_URI])
    answer = contoso.redeem(
        contoso.code(), client_id=other.client_id, client_secret=other.secrets[0].value
    )
    assert answer.json()["error_codes"] == [70000]


def test_on_the_common_endpoint_the_token_names_the_persons_directory(contoso: Contoso) -> None:
    contoso.app.multi_tenant = True
    fabrikam = contoso.entra.add_directory("fabrikam.com")
    contoso.person = fabrikam.add_person("Megan Bowen")
    common = contoso.authorize_url().replace(contoso.directory.tenant_id, "common")
    code = contoso.entra.sign_in(common, contoso.person).split("code=")[1].split("&")[0]
    url = contoso.path("token").replace(contoso.directory.tenant_id, "common")
    tokens = post(url, contoso.token_form(code)).json()
    claims = verified(contoso, tokens["id_token"], "v2.0")
    assert claims["iss"] == f"{contoso.entra.url}/{fabrikam.tenant_id}/v2.0"


CREDENTIALS = [
    ("v2.0", {"scope": "https://graph.microsoft.com/.default"}, None),
    ("v2.0", {"scope": "https://graph.microsoft.com/User.Read"}, 1002012),
    ("v2.0", {}, 900144),
    ("v1.0", {"resource": "https://graph.microsoft.com"}, None),
    ("v1.0", {}, 900144),
    ("v2.0", {"scope": "x/.default", "client_secret": "wrong"}, 7000215),
]


@pytest.mark.parametrize(("version", "changes", "code"), CREDENTIALS)
def test_client_credentials(
    contoso: Contoso, version: str, changes: dict[str, str], code: int | None
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": contoso.app.client_id,
        "client_secret": contoso.app.secrets[0].value,
    } | changes
    body = post(contoso.path("token", version), form).json()
    if code:
        assert body["error_codes"] == [code]
    else:
        assert body["access_token"]
        assert not body.keys() & {"refresh_token", "id_token", "scope"}
        assert isinstance(body["expires_in"], str if version == "v1.0" else int)


def test_tampering_in_place_is_signed(contoso: Contoso) -> None:
    contoso.entra.tamper_id_token(lambda header, claims: claims.update(tid="elsewhere"))
    first = verified(contoso, contoso.redeem(contoso.code()).json()["id_token"], "v2.0")
    assert first["tid"] == "elsewhere"
    second = verified(contoso, contoso.redeem(contoso.code()).json()["id_token"], "v2.0")
    assert second["tid"] == contoso.directory.tenant_id


def test_tampering_may_return_another_pair_or_a_finished_token(contoso: Contoso) -> None:
    contoso.entra.tamper_id_token(lambda header, claims: ({"alg": "none"}, {"sub": "x"}))
    assert contoso.redeem(contoso.code()).json()["id_token"].endswith(".")
    contoso.entra.tamper_id_token(lambda header, claims: "finished")
    assert contoso.redeem(contoso.code()).json()["id_token"] == "finished"


def test_the_whole_answer_can_be_tampered_with(contoso: Contoso) -> None:
    contoso.entra.tamper_token_response(lambda document: {"id_token": None})
    assert contoso.redeem(contoso.code()).json() == {"id_token": None}
    contoso.entra.tamper_token_response(lambda document: document.update(token_type="mac"))
    assert contoso.redeem(contoso.code()).json()["token_type"] == "mac"


def test_a_rolled_key_signs_at_once(contoso: Contoso) -> None:
    kid = contoso.entra.rotate_keys()
    token = contoso.redeem(contoso.code()).json()["id_token"]
    assert jwt.get_unverified_header(token)["kid"] == kid
    verified(contoso, token, "v2.0")


def test_tokens_can_be_minted_and_forged_by_hand(contoso: Contoso) -> None:
    token = contoso.entra.mint_id_token(
        contoso.directory, contoso.app, contoso.person, nonce="n", tid="other", name=None
    )
    claims = verified(contoso, token, "v2.0")
    assert (claims["nonce"], claims["tid"]) == ("n", "other")
    assert "name" not in claims
    jwk = contoso.entra.public_jwk()
    forged = jwt.encode(
        {"aud": contoso.app.client_id},
        contoso.entra.private_key(jwk["kid"]),
        algorithm="RS256",
        headers={"kid": jwk["kid"]},
    )
    assert verified(contoso, forged, "v2.0")


def test_the_clock_rules_the_tokens(contoso: Contoso) -> None:
    contoso.entra.clock = lambda: 1_000_000_000.0
    token = contoso.redeem(contoso.code()).json()["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] == 1_000_000_000 + 3600


def test_an_answer_is_json_with_its_length(entra: StandIn) -> None:
    answer = requests.post(f"{entra.url}/common/oauth2/v2.0/token", timeout=10)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert json.loads(answer.content)["error_codes"] == [900144]
