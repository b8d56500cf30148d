"""Client authentication at the token endpoint."""

from __future__ import annotations

import json
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from azuread_connections.credentials.certificates import KeyPair
from azuread_connections.entra.certificates import x5t_s256
from azuread_connections.entra.credentials import (
    CertificateCredential,
    FederatedCredential,
    SecretCredential,
)
from azuread_connections.entra.errors import CredentialUnavailable
from azuread_connections.entra.federation import ForeignToken
from azuread_connections.entra.tokens import request_app_token
from azuread_connections.entra.transport import Secret, Value
from tests.entra.test_tokens import CLIENT, Exchange, exchange  # noqa: F401
from tests.keys import elliptic_key, key_pair, private_lines, private_pem

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SENT = "s3c~value-of-a-secret"


def parameters_of(credential: SecretCredential) -> Mapping[str, Value]:
    return credential.parameters(client_id=CLIENT, token_url="https://login.example.com/token")


def test_a_secret_is_sent_as_it_is() -> None:
    (sent,) = parameters_of(SecretCredential(Secret(SENT))).items()
    name, value = sent
    assert name == "client_secret"
    assert not isinstance(value, str)
    assert value.reveal() == SENT


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_neither_a_credential_nor_its_parameters_show_the_value(show) -> None:  # type: ignore[no-untyped-def]
    credential = SecretCredential(Secret(SENT))
    assert SENT not in show(credential)
    assert SENT not in show(parameters_of(credential))


class Assertion:
    """Another kind of credential, such as a certificate's assertion for one client and endpoint."""

    def parameters(self, *, client_id: str, token_url: str) -> Mapping[str, Value]:
        return {"client_assertion": Secret(f"{client_id} for {token_url}")}


def test_a_request_takes_any_kind_of_credential(exchange: Exchange) -> None:  # noqa: F811
    exchange.entra.fault("token", body='{"access_token": "x", "expires_in": 60}')
    request_app_token(exchange.transport, exchange.authority, CLIENT, Assertion())
    exchange.entra.fault("token", body='{"id_token": "x", "access_token": "x"}')
    exchange.redeem(exchange.grant(credential=Assertion(), code="the-code"))
    url = exchange.authority.token_url
    for request in exchange.entra.requests:
        assert request.form["client_assertion"] == f"{CLIENT} for {url}"
        assert "client_secret" not in request.form
    assert exchange.entra.count("token") == 2


# --- Certificates ---------------------------------------------------------------------------------

V2_URL = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
V1_URL = "https://login.microsoftonline.com/contoso.com/oauth2/token"


def signed_by(pair: KeyPair) -> CertificateCredential:
    return CertificateCredential(Secret(pair.private_key), pair.certificate)


def assertion_of(credential: CertificateCredential, token_url: str = V2_URL) -> str:
    sent = credential.parameters(client_id=CLIENT, token_url=token_url)
    assert sent["client_assertion_type"] == TYPE
    assert sent.keys() == {"client_assertion_type", "client_assertion"}
    value = sent["client_assertion"]
    assert not isinstance(value, str)
    return value.reveal()


@pytest.mark.parametrize(
    "token_url", [V2_URL, V1_URL, "https://login.partner.microsoftonline.cn/x/oauth2/v2.0/token"]
)
def test_an_assertion_is_signed_for_one_client_and_endpoint(token_url: str) -> None:
    pair = key_pair()
    before = int(time.time())
    text = assertion_of(signed_by(pair), token_url)
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    public_key = certificate.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    claims = jwt.decode(text, public_key, algorithms=["PS256"], audience=token_url)
    assert jwt.get_unverified_header(text) == {
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": x5t_s256(pair.certificate),
    }
    assert claims["iss"] == claims["sub"] == CLIENT
    assert before <= claims["nbf"] == claims["iat"] <= before + 5
    assert 0 < claims["exp"] - claims["nbf"] <= 600
    assert str(uuid.UUID(claims["jti"])) == claims["jti"]


def test_each_assertion_is_a_new_one() -> None:
    credential = signed_by(key_pair())
    assert assertion_of(credential) != assertion_of(credential)


class Recorder:
    """msal's HTTP client: answers with a discovery document, and keeps what is posted."""

    def __init__(self) -> None:
        self.posted: dict[str, str] = {}

    def get(self, url: str, **options: Any) -> Any:
        host = "https://login.microsoftonline.com/contoso.com"
        document = {
            "issuer": f"{host}/v2.0",
            "authorization_endpoint": f"{host}/oauth2/v2.0/authorize",
            "token_endpoint": V2_URL,
        }
        return SimpleNamespace(status_code=200, text=json.dumps(document), headers={})

    def post(self, url: str, *, data: dict[str, Any], **options: Any) -> Any:
        self.posted = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in data.items()
        }
        answer = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}
        return SimpleNamespace(status_code=200, text=json.dumps(answer), headers={})


def test_msal_makes_the_same_assertion_of_the_same_key() -> None:
    pair, recorder = key_pair(), Recorder()
    app = msal.ConfidentialClientApplication(
        CLIENT,
        authority="https://login.microsoftonline.com/contoso.com",
        instance_discovery=False,
        http_client=recorder,
        client_credential={
            "private_key": pair.private_key,
            "public_certificate": pair.certificate,
        },
    )
    assert app.acquire_token_for_client(["https://graph.microsoft.com/.default"])["access_token"]
    theirs, ours = recorder.posted["client_assertion"], assertion_of(signed_by(pair))
    assert recorder.posted["client_assertion_type"] == TYPE
    header = jwt.get_unverified_header(theirs)
    # It can send the certificate itself too, which Azure needs only for trust by subject name.
    header.pop("x5c", None)
    # It pads base64url, against RFC 7515 section 2.
    header["x5t#S256"] = header["x5t#S256"].rstrip("=")
    assert jwt.get_unverified_header(ours) == header
    options: Any = {"verify_signature": False}
    their_claims, our_claims = (jwt.decode(text, options=options) for text in (theirs, ours))
    assert our_claims.keys() - their_claims.keys() == {"nbf"}
    assert their_claims.keys() <= our_claims.keys()
    for name in ("aud", "iss", "sub"):
        assert our_claims[name] == their_claims[name]
    lifetimes = [claims["exp"] - claims["iat"] for claims in (their_claims, our_claims)]
    assert lifetimes[0] == lifetimes[1] == 600
    assert abs(our_claims["iat"] - their_claims["iat"]) < 5


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_no_representation_shows_the_private_key(show: Callable[[object], str]) -> None:
    credential = signed_by(key_pair())
    shown = show(credential) + show(credential.parameters(client_id=CLIENT, token_url=V2_URL))
    assert "PRIVATE" not in shown
    assert not [line for line in private_lines() if line in shown]
    assert "eyJ" not in shown


@pytest.mark.parametrize("key", ["", "no key", key_pair().private_key[:300], "elliptic"])
def test_a_key_that_cannot_sign_is_unavailable_and_is_not_shown(key: str) -> None:
    if key == "elliptic":
        key = private_pem(elliptic_key())
    credential = CertificateCredential(Secret(key), key_pair().certificate)
    with pytest.raises(CredentialUnavailable, match="private key cannot be read") as failed:
        credential.parameters(client_id=CLIENT, token_url=V2_URL)
    report = "".join(traceback.format_exception(failed.value))
    assert "PRIVATE KEY" not in report
    assert failed.value.__cause__ is None


def test_no_frame_of_an_unforeseen_error_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> str:
        raise RuntimeError("PyJWT has changed.")

    monkeypatch.setattr("azuread_connections.entra.credentials.jwt.encode", broken)
    with pytest.raises(RuntimeError) as failed:
        signed_by(key_pair()).parameters(client_id=CLIENT, token_url=V2_URL)
    frames = [frame for frame, _line in traceback.walk_tb(failed.value.__traceback__)]
    signing = [frame.f_locals for frame in frames if frame.f_code.co_name == "_sign"]
    # Neither the text nor the key that was loaded from it.
    assert signing == [{}]


# --- Federated credentials ------------------------------------------------------------------------


class Source:
    def read(self) -> ForeignToken:
        return ForeignToken("a.token.text", {})


def test_a_foreign_token_is_sent_as_it_is() -> None:
    credential = FederatedCredential(Source())
    sent = credential.parameters(client_id=CLIENT, token_url=V2_URL)
    assert sent["client_assertion_type"] == TYPE
    assert not isinstance(sent["client_assertion"], str)
    assert sent["client_assertion"].reveal() == "a.token.text"
    assert "a.token.text" not in f"{credential} {sent}"
