"""Client assertions, and Entra's answer to each fault in one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from azuread_connections.testing.oauth.keys import base64url
from tests.keys import certificate_pem, elliptic_key, key_pair, rsa_key
from tests.testing.contoso import Contoso, post

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ISSUER, SUBJECT = "https://oidc.example.com/cluster", "system:serviceaccount:portal:web"


def digest(pem: str, algorithm: hashes.HashAlgorithm) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return base64url(certificate.fingerprint(algorithm))


def header(**changes: Any) -> dict[str, Any]:
    made = {"x5t#S256": digest(key_pair().certificate, hashes.SHA256())} | changes
    return {name: value for name, value in made.items() if value is not None}


def claims(contoso: Contoso, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "aud": contoso.path("token"),
        "iss": contoso.app.client_id,
        "sub": contoso.app.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(contoso: Contoso, key: Any = None, alg: str = "PS256", **changes: Any) -> str:
    headers = header(**changes.pop("headers", {}))
    return jwt.encode(claims(contoso, **changes), key or rsa_key(), alg, headers)


def ask(contoso: Contoso, assertion: str, version: str = "v2.0", **changes: Any) -> Any:
    resource = (
        {"scope": "https://graph.microsoft.com/.default"}
        if version == "v2.0"
        else {"resource": "https://graph.microsoft.com"}
    )
    form = {
        "grant_type": "client_credentials",
        "client_id": contoso.app.client_id,
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
        **resource,
    } | changes
    given = {name: value for name, value in form.items() if value is not None}
    return post(contoso.path("token", version), given)


def code_of(answer: requests.Response) -> int:
    assert answer.status_code in (400, 401), answer.text
    (code,) = answer.json()["error_codes"]
    assert f"AADSTS{code}" in answer.json()["error_description"]
    return int(code)


@pytest.fixture
def contoso(contoso: Contoso) -> Contoso:
    contoso.app.add_certificate(key_pair().certificate)
    return contoso


# --- Certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_an_assertion_takes_the_place_of_a_secret(contoso: Contoso, version: str) -> None:
    assertion = signed(contoso, aud=contoso.path("token", version))
    assert ask(contoso, assertion, version).status_code == 200
    form = contoso.token_form(
        contoso.code(),
        client_secret=None,
        client_assertion_type=TYPE,
        client_assertion=signed(contoso),
    )
    assert post(contoso.path("token"), form).status_code == 200


def test_a_certificate_in_der_and_its_older_digest_are_known(contoso: Contoso) -> None:
    contoso.app.certificates.clear()
    added = contoso.app.add_certificate(
        x509.load_pem_x509_certificate(key_pair().certificate.encode()).public_bytes(Encoding.DER)
    )
    older = {
        "x5t#S256": None,
        "x5t": digest(key_pair().certificate, hashes.SHA1()),
    }
    assert ask(contoso, signed(contoso, alg="RS256", headers=older)).status_code == 200
    assert len(added.thumbprint) == 40
    with pytest.raises(ValueError, match=r"certificate|ASN|parsing"):
        contoso.app.add_certificate("no certificate")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headers": {"x5t#S256": "unknown"}}, 700027),
        ({"headers": {"x5t#S256": None}}, 700027),
        ({"key": rsa_key(1)}, 700027),
        ({"iss": str(uuid.UUID(int=1))}, 700021),
        ({"sub": str(uuid.UUID(int=1))}, 700021),
        ({"aud": "https://login.example.com/token"}, 700023),
        ({"exp": int(time.time()) - 600}, 700024),
        ({"nbf": int(time.time()) + 86_400}, 700024),
        ({"exp": None}, 50027),
        ({"exp": "soon"}, 50027),
        ({"jti": None}, 50013),
        ({"alg": "RS512"}, 50027),
    ],
)
def test_each_fault_has_its_number(contoso: Contoso, changes: dict[str, Any], code: int) -> None:
    assert code_of(ask(contoso, signed(contoso, **changes))) == code


def test_other_algorithms_and_other_text_are_refused(contoso: Contoso) -> None:
    elliptic = jwt.encode(claims(contoso), elliptic_key(), "ES256", header())
    for text in (elliptic, "no JWT", "a.b.c"):
        assert code_of(ask(contoso, text)) == 50027


def test_an_assertion_is_used_once(contoso: Contoso) -> None:
    assertion = signed(contoso)
    assert ask(contoso, assertion).status_code == 200
    assert code_of(ask(contoso, assertion)) == 50013


def test_an_expired_certificate_is_refused_with_its_reason(contoso: Contoso) -> None:
    pem = certificate_pem(rsa_key(), since=-9, days=-1)
    contoso.app.add_certificate(pem)
    headers = {"x5t#S256": digest(pem, hashes.SHA256())}
    answer = ask(contoso, signed(contoso, headers=headers))
    assert code_of(answer) == 700027
    assert "expired" in answer.json()["error_description"]


def test_one_credential_at_a_time(contoso: Contoso) -> None:
    secret = contoso.app.secrets[0].value
    assert code_of(ask(contoso, signed(contoso), client_secret=secret)) == 9002324
    assert code_of(ask(contoso, signed(contoso), client_assertion_type=None)) == 900144


# --- Federated credentials ------------------------------------------------------------------------


def trust(contoso: Contoso, issuer: str = ISSUER, subject: str = SUBJECT, **audience: str) -> None:
    contoso.app.add_federated_credential(issuer, subject, **audience)


def test_another_issuers_token_is_accepted(contoso: Contoso) -> None:
    trust(contoso)
    issuer = contoso.entra.add_issuer(ISSUER)
    assert issuer.key.kid
    token = issuer.token(SUBJECT)
    # The same one again: it is not made for one request.
    for _ in range(2):
        assert ask(contoso, token).status_code == 200


Trusting = Callable[[Contoso], None]


@pytest.mark.parametrize(
    ("trusting", "changes", "code"),
    [
        (lambda contoso: None, {}, 700211),
        (lambda contoso: trust(contoso, issuer=f"{ISSUER}/"), {}, 700211),
        (lambda contoso: trust(contoso, subject="another"), {}, 700213),
        (lambda contoso: trust(contoso, subject=SUBJECT.upper()), {}, 7002138),
        (lambda contoso: trust(contoso, audience="api://another"), {}, 700212),
        (trust, {"audience": "api://another"}, 700212),
        (trust, {"lifetime": -600}, 700024),
        (trust, {"exp": None}, 50027),
    ],
)
def test_a_token_that_matches_nothing_has_its_number(
    contoso: Contoso, trusting: Trusting, changes: dict[str, Any], code: int
) -> None:
    trusting(contoso)
    token = contoso.entra.add_issuer(ISSUER).token(SUBJECT, **changes)
    assert code_of(ask(contoso, token)) == code


def test_a_token_that_its_issuer_did_not_sign_is_refused(contoso: Contoso) -> None:
    trust(contoso)
    issuer = contoso.entra.add_issuer(ISSUER)
    forged = jwt.encode(
        jwt.decode(issuer.token(SUBJECT), options={"verify_signature": False}), rsa_key(), "RS256"
    )
    assert code_of(ask(contoso, forged)) == 50013
