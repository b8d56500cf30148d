"""What an administrator pastes, uploads or has made."""

from __future__ import annotations

import base64
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.core.exceptions import ValidationError

from azuread_connections.credentials import certificates
from azuread_connections.credentials.certificates import (
    MAX_BYTES,
    KeyPair,
    create_certificate,
    read_certificate,
)
from tests.keys import (
    PASSWORD,
    certificate_of,
    certificate_pem,
    elliptic_key,
    hashed,
    key_pair,
    pfx,
    private_lines,
    private_pem,
    rsa_key,
)

KEY, CERTIFICATE = key_pair().private_key, key_pair().certificate


def refusal(content: str | bytes, password: str = "") -> ValidationError:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ValidationError) as refused:
        read_certificate(raw, password)
    report = "".join(traceback.format_exception(refused.value))
    assert not [line for line in private_lines() if line in report]
    assert PASSWORD not in report
    return refused.value


def assert_usable(pair: KeyPair) -> None:
    key = load_pem_private_key(pair.private_key.encode(), password=None)
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert key.public_key() == certificate.public_key()
    assert pair.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert "PRIVATE KEY" not in repr(pair)


# --- What is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        KEY + CERTIFICATE,
        CERTIFICATE + KEY,
        f"Bag Attributes\n friendlyName: contoso\n{KEY}\n\nsubject=CN = contoso\n{CERTIFICATE}",
        (KEY + CERTIFICATE).replace("\n", "\r\n"),
    ],
    ids=["key first", "certificate first", "with text between", "with CRLF"],
)
def test_a_key_and_its_certificate_in_pem_are_taken(text: str) -> None:
    assert_usable(read_certificate(text.encode()))


def test_the_older_form_of_a_key_is_taken() -> None:
    old = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert b"BEGIN RSA PRIVATE KEY" in old
    assert_usable(read_certificate(old + CERTIFICATE.encode()))


def test_of_a_chain_the_keys_own_certificate_is_taken() -> None:
    pair = read_certificate(f"{key_pair(1).certificate}{CERTIFICATE}{KEY}".encode())
    assert pair.certificate == CERTIFICATE


def test_an_encrypted_key_is_taken_with_its_password() -> None:
    text = private_pem(rsa_key(), PASSWORD) + CERTIFICATE
    assert_usable(read_certificate(text.encode(), PASSWORD))


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_pkcs12_file_is_taken(password: str) -> None:
    content = pfx(rsa_key(), certificate_of(rsa_key()), password)
    assert_usable(read_certificate(content, password))


def test_a_password_for_a_key_without_one_is_ignored() -> None:
    assert_usable(read_certificate((KEY + CERTIFICATE).encode(), PASSWORD))


# --- What is refused, with which sentence ---------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "certificate_format"),
        ("my certificate", "certificate_format"),
        (b"\x00\x01\x02", "certificate_format"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "certificate_format"),
        (CERTIFICATE, "key_missing"),
        (KEY, "certificate_missing"),
        (KEY + key_pair(1).private_key + CERTIFICATE, "keys_many"),
        (KEY + key_pair(1).certificate, "key_differs"),
        (KEY.replace("M", "N", 3) + CERTIFICATE, "key_damaged"),
        (KEY + CERTIFICATE.replace("MII", "NII"), "certificate_damaged"),
        (KEY + CERTIFICATE + "x" * MAX_BYTES, "certificate_large"),
        (b"\x30\x82" + b"x" * MAX_BYTES, "certificate_large"),
    ],
)
def test_text_that_is_no_key_with_its_certificate(content: str | bytes, code: str) -> None:
    assert refusal(content).code == code


@pytest.mark.parametrize(
    ("make", "code", "sentence"),
    [
        (elliptic_key, "key_not_rsa", "not an RSA key"),
        (lambda: rsa_key(7, 1024), "key_size", "has 1024 bits. Use one of 2048 to 8192"),
    ],
)
def test_a_key_that_azure_does_not_take(
    make: Callable[[], rsa.RSAPrivateKey], code: str, sentence: str
) -> None:
    key = make()
    refused = refusal(private_pem(key) + certificate_pem(key))
    assert refused.code == code
    assert sentence in refused.messages[0]
    assert refusal(pfx(key, certificate_of(key))).code == code


def test_an_encrypted_key_asks_for_its_password() -> None:
    text = private_pem(rsa_key(), PASSWORD) + CERTIFICATE
    assert refusal(text).code == "password_missing"
    assert refusal(text, "wrong").code == "password_wrong"


def test_a_pkcs12_file_asks_for_its_password() -> None:
    content = pfx(rsa_key(), certificate_of(rsa_key()), PASSWORD)
    assert refusal(content).code == "password_missing"
    assert refusal(content, "wrong").code == "password_wrong"


def test_a_certificate_without_its_key_in_a_file() -> None:
    content = certificate_of(rsa_key()).public_bytes(Encoding.DER)
    refused = refusal(content)
    assert refused.code == "key_missing"
    assert "certificate alone" in refused.messages[0]


def test_a_certificate_that_is_over_or_not_begun() -> None:
    expired = certificate_pem(rsa_key(), since=-20, days=-3)
    refused = refusal(KEY + expired)
    assert refused.code == "certificate_expired"
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    assert f"expired on {day}" in refused.messages[0]
    early = certificate_pem(rsa_key(), since=3, days=30)
    assert refusal(KEY + early).code == "certificate_early"


# --- What is made here ----------------------------------------------------------------------------


# --- What would keep the process busy for minutes -------------------------------------------------


def test_beginnings_without_an_end_are_read_once() -> None:
    content = "-----BEGIN A-----" * (MAX_BYTES // 17)
    before = time.process_time()
    assert refusal(content).code == "certificate_format"
    assert time.process_time() - before < 0.5


def test_a_key_that_is_far_too_long_is_not_opened() -> None:
    # Valid in form, of a size whose primes take minutes to check.
    block = base64.encodebytes(b"\x30\x82\x1f\xfc" + bytes(8188)).decode()
    text = f"-----BEGIN RSA PRIVATE KEY-----\n{block}-----END RSA PRIVATE KEY-----\n"
    assert refusal(text + CERTIFICATE).code == "key_costly"


def test_a_file_whose_password_is_hashed_too_often_is_not_opened() -> None:
    modest = hashed(300_000, rsa_key(), certificate_of(rsa_key()))
    assert_usable(read_certificate(modest, PASSWORD))
    rounds = (300_000).to_bytes(3, "big")
    for content in (
        modest.replace(b"\x02\x03" + rounds, b"\x02\x03\x7f\xff\xff"),
        # Of the key, of the certificate or of the file: one is enough.
        modest.replace(b"\x02\x03" + rounds, b"\x02\x03\x7f\xff\xff", 1),
    ):
        assert content != modest
        assert refusal(content, PASSWORD).code == "key_costly"


def test_an_encrypted_key_whose_password_is_hashed_too_often_is_not_opened() -> None:
    der = b"\x30\x0e\x30\x0c\x04\x04salt\x02\x04\x7f\xff\xff\xff"
    block = base64.encodebytes(der).decode()
    text = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{block}-----END ENCRYPTED PRIVATE KEY-----\n"
    assert refusal(text + CERTIFICATE, PASSWORD).code == "key_costly"


@pytest.mark.slow
@pytest.mark.parametrize("years", [1, 3])
def test_a_certificate_is_made_with_the_connections_name(years: int) -> None:
    now = datetime(2027, 4, 30, 12, tzinfo=UTC)
    pair = create_certificate("contoso-" + "x" * 100, years, now)
    assert_usable(pair)
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert certificate.issuer == certificate.subject
    assert certificate.subject.rfc4514_string() == "CN=contoso-" + "x" * 56
    assert certificate.not_valid_after_utc == now + timedelta(days=365 * years)
    assert now - timedelta(minutes=10) < certificate.not_valid_before_utc < now
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 3072
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not constraints.value.ca


@pytest.mark.parametrize("years", [0, 4, -1])
def test_other_lifetimes_are_refused(years: int) -> None:
    with pytest.raises(ValidationError):
        create_certificate("contoso", years)


def test_a_made_certificate_can_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_MADE_BITS", 2048)
    pair = create_certificate("contoso", 1)
    assert read_certificate((pair.private_key + pair.certificate).encode()) == pair
