"""Every rule of access-token validation that has no HTTP test of its own, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.entra.access_token import (
    AccessTokenClaims,
    AccessTokenPolicy,
    read_access_token,
    validate_access_token,
)
from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.errors import AccessTokenInvalid, GraphTokenSent
from azuread_connections.entra.jwks import SigningKey
from tests.entra.test_id_token import (
    CLIENT,
    KEY_ID,
    NOW,
    OTHER_CLIENT,
    OTHER_TENANT,
    PERSON,
    TEMPLATE,
    TENANT,
    V1_ISSUER,
    V2_ISSUER,
    base64url,
    rs256,
    rsa_key,
    segment,
)

HEADER = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID}
KEY = SigningKey(KEY_ID, rsa_key("microsoft").public_key(), TEMPLATE, "microsoftonline.com")
PERSONS: dict[str, Any] = {
    "aud": CLIENT,
    "iss": V2_ISSUER,
    "iat": NOW - 300,
    "nbf": NOW - 300,
    "exp": NOW + 3600,
    "azp": OTHER_CLIENT,
    "azpacr": "1",
    "oid": PERSON,
    "scp": "Files.Read Files.Write",
    "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
    "tid": TENANT,
    "ver": "2.0",
}
AN_APPS = {**PERSONS, "sub": PERSON, "roles": ["Files.Read.All"], "idtyp": "app"}
del AN_APPS["scp"]


def token(claims: dict[str, Any], header: dict[str, Any] = HEADER) -> str:
    present = {name: value for name, value in claims.items() if value is not None}
    signed = f"{segment(header)}.{segment(present)}"
    return f"{signed}.{base64url(rs256(signed.encode()))}"


def validate(
    claims: dict[str, Any],
    *,
    key: SigningKey = KEY,
    tenant_id: str | None = TENANT,
    asked: list[Authority] | None = None,
) -> AccessTokenClaims:
    def find_key(authority: Authority, key_id: str) -> SigningKey:
        assert key_id == KEY_ID
        if asked is not None:
            asked.append(authority)
        return key

    return validate_access_token(
        read_access_token(token(claims), now=NOW),
        policy=AccessTokenPolicy(
            Authority(CLOUDS["global"], TENANT, V2), frozenset({CLIENT}), tenant_id
        ),
        find_key=find_key,
    )


def test_a_persons_token_says_who_may_do_what() -> None:
    claims = validate(PERSONS)
    assert (claims.tenant_id, claims.object_id) == (TENANT, PERSON)
    assert claims.client_id == OTHER_CLIENT
    assert claims.scopes == ("Files.Read", "Files.Write")
    assert not claims.is_app_only


@pytest.mark.parametrize("idtyp", ["app", None])
def test_an_applications_own_token_has_roles(idtyp: str | None) -> None:
    claims = validate({**AN_APPS, "idtyp": idtyp})
    assert claims.is_app_only
    assert (claims.roles, claims.scopes) == (("Files.Read.All",), ())


def test_the_version_decides_which_keys_are_asked() -> None:
    asked: list[Authority] = []
    key = SigningKey(KEY_ID, rsa_key("microsoft").public_key(), None)
    v1 = {**PERSONS, "ver": "1.0", "iss": V1_ISSUER, "appid": OTHER_CLIENT}
    validate(v1, key=key, asked=asked)
    validate(PERSONS, asked=asked)
    assert [authority.identity_api for authority in asked] == [V1, V2]


NO_PERSON = "nor is it an application's own"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no version": ({**PERSONS, "ver": None}, "neither 1.0 nor 2.0"),
    "issuer of the other version": ({**PERSONS, "iss": V1_ISSUER}, "(iss)"),
    "another directory": ({**PERSONS, "tid": OTHER_TENANT}, "(tid)"),
    "another API": ({**PERSONS, "aud": OTHER_CLIENT}, "(aud)"),
    "a list of audiences": ({**PERSONS, "aud": [CLIENT]}, "no single audience (aud)"),
    "no audience": ({**PERSONS, "aud": None}, "no single audience (aud)"),
    "no subject": ({**PERSONS, "sub": None}, "(sub)"),
    "no object": ({**PERSONS, "oid": None}, "not a GUID"),
    "a nonce": ({**PERSONS, "nonce": "n"}, "ID token"),
    "a hash of a code": ({**PERSONS, "c_hash": "n"}, "ID token"),
    "a hash of a token": ({**PERSONS, "at_hash": "n"}, "ID token"),
    "a key of the caller": ({**PERSONS, "cnf": {"kid": "key"}}, "bound to a key (cnf)"),
    "an app's key": ({**AN_APPS, "cnf": {}}, "bound to a key (cnf)"),
    "no client": ({**PERSONS, "azp": None}, "azp or appid"),
    "the client in v1.0's claim": ({**PERSONS, "azp": None, "appid": CLIENT}, "azp or appid"),
    "no scope and no role": ({**PERSONS, "scp": None}, NO_PERSON),
    "scopes that are a list": ({**PERSONS, "scp": ["Files.Read"]}, "(scp)"),
    "an app's token of a person": ({**AN_APPS, "sub": "AAAA", "idtyp": None}, NO_PERSON),
    "an app's token that says user": ({**AN_APPS, "idtyp": "user"}, NO_PERSON),
    "an app that has not proven itself": ({**AN_APPS, "azpacr": "0"}, "not authenticated"),
    "an app without the claim": ({**AN_APPS, "azpacr": None}, "not authenticated"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_token_that_is_refused(name: str) -> None:
    claims, why = REFUSED[name]
    with pytest.raises(AccessTokenInvalid) as refused:
        validate(claims)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (SigningKey(KEY_ID, rsa_key("attacker").public_key(), TEMPLATE), "signature"),
        (SigningKey(KEY_ID, KEY.public_key, TEMPLATE, "microsoftonline.us"), "another cloud"),
        (SigningKey(KEY_ID, KEY.public_key, V2_ISSUER.replace(TENANT, OTHER_TENANT)), "directory"),
        (SigningKey(KEY_ID, KEY.public_key, None), "directory"),
    ],
    ids=["the attacker's", "of another cloud", "of another directory", "without an issuer"],
)
def test_a_key_that_does_not_sign_for_the_directory(key: SigningKey, why: str) -> None:
    with pytest.raises(AccessTokenInvalid, match=why):
        validate(PERSONS, key=key)


@pytest.mark.parametrize(
    "audience",
    [
        "00000003-0000-0000-c000-000000000000",
        "00000002-0000-0000-c000-000000000000",
        "https://graph.microsoft.com/",
        "https://graph.microsoft.us",
        "https://graph.windows.net",
    ],
)
def test_a_token_of_graphs_is_named(audience: str) -> None:
    with pytest.raises(GraphTokenSent):
        read_access_token(token({**PERSONS, "aud": audience}), now=NOW)
    with pytest.raises(GraphTokenSent):
        read_access_token(token(PERSONS, {**HEADER, "nonce": "n"}), now=NOW)


@pytest.mark.parametrize("name", ["tid", "oid"])
@pytest.mark.parametrize("odd", [None, 7, ["a"], "", "contoso.com", "a\x00", TENANT.upper()])
def test_what_is_no_guid_is_refused_before_the_database_is_asked(name: str, odd: object) -> None:
    with pytest.raises(AccessTokenInvalid, match="not a GUID"):
        read_access_token(token({**PERSONS, name: odd}), now=NOW)


def test_repr_shows_no_token() -> None:
    read = read_access_token(token(PERSONS), now=NOW)
    assert read.text not in repr(read)
    assert PERSON not in repr(read)
