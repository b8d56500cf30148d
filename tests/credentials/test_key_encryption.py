"""Files of keys that would take minutes to open."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from azuread_connections.credentials.key_encryption import (
    MAX_KEY_BYTES,
    MAX_ROUNDS,
    NotDER,
    TooCostly,
    require_affordable,
)
from tests.keys import PASSWORD, certificate_of, hashed, pfx, rsa_key


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


SALT = der(0x04, b"salt-of-eight")


def octets(*parts: bytes) -> bytes:
    """How PKCS #12 wraps a part."""
    return der(0xA0, der(0x04, *parts))


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_usual_files_are_affordable(password: str) -> None:
    require_affordable(pfx(rsa_key(), certificate_of(rsa_key()), password))


def test_a_usual_encrypted_key_is_affordable() -> None:
    encryption = BestAvailableEncryption(PASSWORD.encode())
    require_affordable(rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, encryption))


@pytest.mark.parametrize("rounds", [600_000, MAX_ROUNDS])
def test_many_rounds_are_affordable(rounds: int) -> None:
    require_affordable(der(0x30, SALT, integer(rounds)))
    # OpenSSL's scrypt: N, r, p and the key's length.
    require_affordable(der(0x30, SALT, integer(16_384), integer(8), integer(1), integer(32)))


def test_a_real_file_of_many_rounds_is_refused() -> None:
    content = hashed(100_000, rsa_key(), certificate_of(rsa_key()))
    require_affordable(content)
    rounds = b"\x02\x03" + (100_000).to_bytes(3, "big")
    with pytest.raises(TooCostly):
        require_affordable(content.replace(rounds, b"\x02\x03\x7f\xff\xff"))


@pytest.mark.parametrize(
    "content",
    [
        der(0x30, SALT, integer(MAX_ROUNDS + 1)),
        der(0x30, SALT, integer(2**500)),
        der(0x30, SALT, integer(16_384), integer(8), integer(1_000)),
        der(0x30, *[der(0x30, SALT, integer(MAX_ROUNDS))] * 17),
        der(0x30, octets(der(0x30, octets(der(0x30, SALT, integer(MAX_ROUNDS + 1)))))),
        der(0x30, der(0x04, bytes(MAX_KEY_BYTES + 1))),
    ],
    ids=["rounds", "huge number", "scrypt", "many times", "wrapped twice", "long key"],
)
def test_what_takes_too_long_is_refused(content: bytes) -> None:
    with pytest.raises(TooCostly):
        require_affordable(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x30",
        b"\x30\x05\x02",
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x30\x80" + SALT + integer(2**31) + b"\x00\x00",
        der(0x30, der(0x24, SALT)),
        der(0x30, octets(b"\x30\x80\x00\x00")),
        b"\x3f\x81\x01\x00",
    ],
    ids=["cut off", "cut short", "long length", "indefinite", "pieces", "indefinite within", "tag"],
)
def test_what_cannot_be_read_as_der_is_refused(content: bytes) -> None:
    with pytest.raises(NotDER):
        require_affordable(content)


def test_a_file_nested_without_end_is_refused() -> None:
    content = b""
    for _ in range(1_000):
        content = der(0x30, content)
    with pytest.raises(NotDER):
        require_affordable(content)
