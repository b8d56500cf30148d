"""ID tokens that Microsoft never signed, or signed for somebody else."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.company import Company

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"
TEMPLATE = "https://login.microsoftonline.com/{tenantid}/v2.0"
Token = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """The connection under attack, and another one that the attacker may use as they like."""

    target: Company
    other: Company

    @property
    def version(self) -> str:
        return self.target.connection.identity_api


#: Changes a token in place, or returns another header and claims, or a finished token.
Forge = Callable[[Scene, Token, Token], Any]


def segment(part: object) -> str:
    """One part of a token; bytes are taken as they are."""
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: object, claims: object, sign: Callable[[bytes], bytes]) -> str:
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{segment(sign(signed.encode()))}"


@cache
def attackers_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def by_attacker(message: bytes) -> bytes:
    return attackers_key().sign(message, padding.PKCS1v15(), hashes.SHA256())


def attackers_jwk() -> dict[str, Any]:
    numbers = attackers_key().public_key().public_numbers()
    return {"kty": "RSA", "use": "sig", "n": segment(numbers.n.to_bytes(256, "big")), "e": "AQAB"}


# --- Changes to claims and header, signed by Microsoft's own key ----------------------------------


def claim(name: str, value: Any) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        claims[name] = value

    return change


def without(name: str) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        del claims[name]

    return change


def later(name: str, seconds: int) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        claims[name] = claims["iat"] + 300 + seconds

    return change


def in_header(**members: Any) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        header.update(members)

    return change


def no_key_id(scene: Scene, header: Token, claims: Token) -> None:
    del header["kid"]


def of_other_directory(scene: Scene, header: Token, claims: Token) -> None:
    """Whole and consistent, as the other directory's own tokens are."""
    there = scene.other.directory.tenant_id
    claims["iss"] = claims["iss"].replace(claims["tid"], there)
    claims["tid"] = there


def issuer_of_other_directory(scene: Scene, header: Token, claims: Token) -> None:
    claims["iss"] = claims["iss"].replace(claims["tid"], scene.other.directory.tenant_id)


def tid_of_other_directory(scene: Scene, header: Token, claims: Token) -> None:
    claims["tid"] = scene.other.directory.tenant_id


def for_other_app(scene: Scene, header: Token, claims: Token) -> None:
    claims["aud"] = scene.other.app.client_id


def for_both_apps(scene: Scene, header: Token, claims: Token) -> None:
    claims["aud"] = [claims["aud"], scene.other.app.client_id]


def issued_to_other_app(scene: Scene, header: Token, claims: Token) -> None:
    claims["azp"] = scene.other.app.client_id


def of_other_version(scene: Scene, header: Token, claims: Token) -> None:
    """A v1.0 token at a v2.0 connection, and the other way round: another ``ver``, same issuer."""
    claims["ver"] = "1.0" if claims["ver"] == "2.0" else "2.0"


def issuer_of_other_version(scene: Scene, header: Token, claims: Token) -> None:
    v1, v2 = (
        f"https://sts.windows.net/{claims['tid']}/",
        f"{scene.target.microsoft.url}/{claims['tid']}/v2.0",
    )
    claims["iss"] = v2 if claims["iss"] == v1 else v1


def in_a_list(name: str) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        claims[name] = [claims[name]]

    return change


def as_text(name: str) -> Forge:
    def change(scene: Scene, header: Token, claims: Token) -> None:
        claims[name] = str(claims[name])

    return change


# --- Whole tokens ---------------------------------------------------------------------------------


def of_other_connection(scene: Scene, header: Token, claims: Token) -> str:
    """Valid to the letter, with this sign-in's nonce: at the connection that it was made for."""
    other = scene.other
    return other.microsoft.mint_id_token(
        other.directory,
        other.app,
        other.person,
        version=other.connection.identity_api,
        nonce=claims["nonce"],
    )


def unsigned(algorithm: str) -> Forge:
    def forge(scene: Scene, header: Token, claims: Token) -> str:
        return compact({**header, "alg": algorithm}, claims, lambda message: b"")

    return forge


def signature_cut_off(scene: Scene, header: Token, claims: Token) -> str:
    return compact(header, claims, lambda message: b"")


def hs256_with_the_secret(scene: Scene, header: Token, claims: Token) -> str:
    secret = scene.target.app.secrets[0].value.encode()
    return compact(
        {**header, "alg": "HS256"}, claims, lambda message: hmac.digest(secret, message, "sha256")
    )


def hs256_with_the_public_key(scene: Scene, header: Token, claims: Token) -> str:
    pem = (
        scene.target.microsoft.private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return compact(
        {**header, "alg": "HS256"}, claims, lambda message: hmac.digest(pem, message, "sha256")
    )


def another_algorithm(scene: Scene, header: Token, claims: Token) -> str:
    key = scene.target.microsoft.private_key()
    return compact(
        {**header, "alg": "RS384"},
        claims,
        lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA384()),
    )


def by_the_attackers_key(**members: Any) -> Forge:
    """Signed by the attacker, with these members in the header."""

    def forge(scene: Scene, header: Token, claims: Token) -> str:
        return compact({**header, **members}, claims, by_attacker)

    return forge


def changed_after_signing(scene: Scene, header: Token, claims: Token) -> str:
    key = scene.target.microsoft.private_key()
    signature = key.sign(
        f"{segment(header)}.{segment(claims)}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    return compact(header, {**claims, "oid": GUID}, lambda message: signature)


def raw_claims(write: Callable[[str], str]) -> Forge:
    """Well signed by Microsoft's key, over claims whose JSON text was rewritten."""

    def forge(scene: Scene, header: Token, claims: Token) -> str:
        key = scene.target.microsoft.private_key(header["kid"])
        return compact(
            header,
            write(json.dumps(claims)).encode(),
            lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    return forge


def one_more_member(text: str) -> Forge:
    return raw_claims(lambda claims: f"{claims[:-1]}, {text}}}")
