"""Tokens that this server has not signed, or signs no longer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from azuread_connections.provider import key_rotation, keys
from azuread_connections.provider.lifetimes import (
    CLOCK_SKEW,
    KEY_PUBLISHED_BEFORE,
    longest_signed_token,
)
from azuread_connections.provider.models import API
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company, error_code
from tests.provider.relying_party import SIGNED_OUT, RelyingParty, error_of, userinfo

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CLIENT)]

ORDERS = "https://orders.example.com/"
Forgery = Callable[[dict[str, Any], dict[str, Any]], str]


def _own_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _segments(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (header, claims)
    ]
    return ".".join([*parts, signature])


def without_a_signature(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return _segments({**header, "alg": "none"}, claims)


def with_the_signature_of_another(header: dict[str, Any], claims: dict[str, Any]) -> str:
    other = keys.sign({"sub": "x"}).rpartition(".")[2]
    return _segments(header, claims, other)


def by_a_key_of_their_own(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _own_key(), algorithm="RS256", headers=header)


def by_the_public_key_as_a_password(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """CVE-2015-9235: what is public signs, where the token says how it is checked."""
    [published] = Client().get("/id/.well-known/jwks.json").json()["keys"]
    public: Any = jwt.PyJWK(published).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = _segments({**header, "alg": "HS256"}, claims).removesuffix(".")
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    # PyJWT itself refuses to sign with a PEM.
    mac = signature.sign(unsigned.encode(), pem)
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_a_key_in_the_header(header: dict[str, Any], claims: dict[str, Any]) -> str:
    key = _own_key()
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(claims, key, algorithm="RS256", headers={**header, "jwk": jwk})


def with_another_key_id(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _own_key(), algorithm="RS256", headers={**header, "kid": "other"})


FORGERIES = [
    without_a_signature,
    with_the_signature_of_another,
    by_a_key_of_their_own,
    by_the_public_key_as_a_password,
    with_a_key_in_the_header,
    with_another_key_id,
]


def assert_hint_is_worthless(portal: RelyingParty, browser: Client, token: str) -> None:
    assert error_of(portal.authorize(browser, id_token_hint=token)) == "login_required"
    form = {"id_token_hint": token, "post_logout_redirect_uri": SIGNED_OUT}
    response = browser.get("/id/oidc/logout", form)
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"
    assert SESSION_KEY in browser.session


@attack(
    wants="an ID token of their own taken for one of this server's",
    stopped_by="RS256 alone, by a published key; nothing in the token decides how it is checked",
)
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__))
def test_a_forged_hint(portal: RelyingParty, adele: Client, forge: Forgery) -> None:
    token = portal.tokens(adele, scope="openid")["id_token"]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    # As few as count: an address has no room for more.
    claims = {name: claims[name] for name in ("iss", "sub", "aud", "iat", "exp")}
    assert_hint_is_worthless(portal, adele, forge(header, claims))


@attack(
    wants="a forged token taken for an access token",
    stopped_by="an access token is found by its digest; what is in it counts for nothing here",
)
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__))
def test_a_forged_access_token(portal: RelyingParty, adele: Client, forge: Forgery) -> None:
    API.objects.create(name="Orders", identifier=ORDERS)
    token = portal.tokens(adele, audience=ORDERS)["access_token"]
    assert userinfo(token).status_code == 200
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = forge(header, {**claims, "jti": "another"})
    assert userinfo(forged).status_code == 401
    assert portal.introspect(forged) == {"active": False}


@attack(
    wants="an access token for an API taken for an ID token",
    stopped_by="the type in the header (RFC 9068 section 2.1)",
)
def test_an_access_token_as_a_hint(portal: RelyingParty, adele: Client) -> None:
    API.objects.create(name="Orders", identifier=ORDERS)
    token = portal.tokens(adele, audience=ORDERS)["access_token"]
    assert_hint_is_worthless(portal, adele, token)


@attack(
    wants="a token by a key that signs no longer", stopped_by="a retired key is published no longer"
)
def test_a_token_of_a_retired_key(
    contoso: Company, portal: RelyingParty, adele: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = portal.tokens(adele)["id_token"]
    now = timezone.now()
    key_rotation.rotate(now=now)
    over = now + KEY_PUBLISHED_BEFORE + longest_signed_token() + CLOCK_SKEW + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: over)
    keys.forget()
    published = Client().get("/id/.well-known/jwks.json").json()["keys"]
    assert jwt.get_unverified_header(token)["kid"] not in {key["kid"] for key in published}
    monkeypatch.undo()
    monkeypatch.setattr(keys.timezone, "now", lambda: over)
    assert keys.verify(token) is None


@attack(wants="a token by a key that was stolen", stopped_by="`rotate_signing_keys --compromised`")
def test_a_token_of_a_stolen_key(portal: RelyingParty, adele: Client) -> None:
    token = portal.tokens(adele)["id_token"]
    key_rotation.rotate(is_compromised=True)
    assert_hint_is_worthless(portal, adele, token)


@attack(
    wants="what django-oauth-toolkit's own endpoints would give for a token or a client of these",
    stopped_by="tokens are stored by another digest, and its row of a client has no right",
)
def test_another_door_to_the_tokens(portal: RelyingParty, adele: Client) -> None:
    from oauth2_provider.models import get_access_token_model, get_application_model

    tokens = portal.tokens(adele)
    rows = get_access_token_model().objects
    assert not rows.filter(token=tokens["access_token"]).exists()
    row = get_application_model().objects.get(client_id=portal.client_id)
    assert row.redirect_uris == ""
    assert not row.redirect_uri_allowed(portal.callback)
