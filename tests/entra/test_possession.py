from __future__ import annotations

import time

import jwt
import pytest

from azuread_connections.entra.errors import CredentialUnavailable
from azuread_connections.entra.possession import SigningCertificate, proof_of_possession
from azuread_connections.entra.transport import Secret
from tests.keys import key_pair, rsa_key

OBJECT_ID = "00001111-aaaa-2222-bbbb-3333cccc4444"


def signer(private_key: str = "") -> SigningCertificate:
    pair = key_pair()
    return SigningCertificate(Secret(private_key or pair.private_key), pair.certificate)


def test_a_proof_names_the_registration_for_ten_minutes() -> None:
    proof = proof_of_possession(signer(), OBJECT_ID).reveal()
    claims = jwt.decode(
        proof,
        rsa_key().public_key(),
        algorithms=["RS256"],
        audience="00000002-0000-0000-c000-000000000000",
    )
    assert claims["iss"] == OBJECT_ID
    assert claims["exp"] - claims["nbf"] == 600
    assert abs(claims["nbf"] - time.time()) < 60
    assert set(claims) == {"aud", "iss", "nbf", "exp"}
    header = jwt.get_unverified_header(proof)
    assert header["x5t"]
    assert "=" not in proof


def test_neither_the_proof_nor_the_key_is_shown() -> None:
    assert key_pair().private_key[40:80] not in repr(signer())
    assert "eyJ" not in repr(proof_of_possession(signer(), OBJECT_ID))


@pytest.mark.parametrize("key", ["nonsense", "-----BEGIN PRIVATE KEY-----\nx"])
def test_a_key_that_is_none_is_not_quoted(key: str) -> None:
    with pytest.raises(CredentialUnavailable) as raised:
        proof_of_possession(signer(key), OBJECT_ID)
    assert key not in str(raised.value)
    assert raised.value.__suppress_context__
