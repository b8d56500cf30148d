"""Every rule of ID-token validation, as a table: what is changed, and the reason it is refused.

Each case starts from a token that is valid, so the reason can only come from the change.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.errors import (
    IdTokenInvalid,
    IssuerMismatch,
    UnknownSigningKey,
    Unreachable,
)
from azuread_connections.entra.id_token import (
    IdTokenClaims,
    IdTokenPolicy,
    validate_id_token,
)
from azuread_connections.entra.jwks import SigningKey
from azuread_connections.entra.signed_token import MAX_TOKEN_LENGTH
from tests.field_cases import case

TENANT = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0"
OTHER_TENANT = "b9419818-09af-49c2-b0c3-653adc1f376e"
PERSON = "690222be-ff1a-4d56-abd1-7e4f7d38e474"
CLIENT = "6731de76-14a6-49ae-97bc-6eba6914391e"
OTHER_CLIENT = "00001111-aaaa-2222-bbbb-3333cccc4444"
CLIENT_SECRET = "Q2b8Q~a-client-secret-of-forty-characters"
NONCE = "h2mX0bVnq7kq0wY3pZ4rS5tU6vW7xY8z"
ACCESS_TOKEN = "an.access.token"
KEY_ID = "jS1Xo1OWDj_52vbwGNgvQO2VzMc"
NOW = 1_800_000_000

V1_ISSUER = f"https://sts.windows.net/{TENANT}/"
V2_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
TEMPLATE = "https://login.microsoftonline.com/{tenantid}/v2.0"


# --- A valid token, and ways to change it ---------------------------------------------------------


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of this name: Microsoft's, the attacker's. Generated once, because it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def rs256(message: bytes, *, key: str = "microsoft") -> bytes:
    return rsa_key(key).sign(message, padding.PKCS1v15(), hashes.SHA256())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(part: object) -> str:
    """One part of a token; bytes are used unchanged."""
    return base64url(part if isinstance(part, bytes) else json.dumps(part).encode())


@dataclass
class Attempt:
    """One call of ``validate_id_token``, valid until it is changed."""

    policy: IdTokenPolicy
    key: SigningKey
    header: Any
    claims: Any
    sign: Callable[[bytes], bytes] = rs256
    finish: Callable[[str], str] = str
    access_token: str = ACCESS_TOKEN
    now: float = NOW
    lookups: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        signed = f"{segment(self.header)}.{segment(self.claims)}"
        return self.finish(f"{signed}.{base64url(self.sign(signed.encode()))}")

    def validate(self, token: str | None = None) -> IdTokenClaims:
        return validate_id_token(
            self.token if token is None else token,
            policy=self.policy,
            find_key=self._find_key,
            access_token=self.access_token,
            now=self.now,
        )

    def _find_key(self, key_id: str) -> SigningKey:
        self.lookups += (key_id,)
        return self.key


Change = Callable[[Attempt], None]


def attempt(*changes: Change, version: str = V2) -> Attempt:
    """A valid attempt with these changes."""
    authority = Authority(CLOUDS["global"], TENANT, version)
    made = Attempt(
        policy=IdTokenPolicy(authority, CLIENT, TENANT, NONCE),
        # v1.0 keys carry no issuer; v2.0's are usually for any directory.
        key=SigningKey(
            KEY_ID, rsa_key("microsoft").public_key(), TEMPLATE if version == V2 else None
        ),
        header={"typ": "JWT", "alg": "RS256", "kid": KEY_ID},
        claims={
            "aud": CLIENT,
            "iss": V2_ISSUER if version == V2 else V1_ISSUER,
            # Back-dated by five minutes, as Microsoft's are.
            "iat": NOW - 300,
            "nbf": NOW - 300,
            "exp": NOW + 3600,
            "nonce": NONCE,
            "oid": PERSON,
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "tid": TENANT,
            "ver": "2.0" if version == V2 else "1.0",
        },
    )
    for change in changes:
        change(made)
    return made


def header(**members: Any) -> Change:
    return lambda attempt: attempt.header.update(members)


def no_header(name: str) -> Change:
    return lambda attempt: attempt.header.pop(name)


def claims(**members: Any) -> Change:
    return lambda attempt: attempt.claims.update(members)


def no_claim(name: str) -> Change:
    return lambda attempt: attempt.claims.pop(name)


def raw_header(part: object) -> Change:
    return lambda attempt: setattr(attempt, "header", part)


def raw_claims(part: object) -> Change:
    return lambda attempt: setattr(attempt, "claims", part)


def also(name: str, json_text: str, *, part: str = "claims") -> Change:
    """Append a member as JSON text, which can be what ``json.dumps`` would not write."""

    def change(attempt: Attempt) -> None:
        whole = json.dumps(getattr(attempt, part))
        setattr(attempt, part, f'{whole[:-1]}, "{name}": {json_text}}}'.encode())

    return change


def instead(name: str, json_text: str) -> Change:
    """Replace a claim by JSON text."""

    def change(attempt: Attempt) -> None:
        no_claim(name)(attempt)
        also(name, json_text)(attempt)

    return change


def signed(sign: Callable[[bytes], bytes]) -> Change:
    return lambda attempt: setattr(attempt, "sign", sign)


def finished(finish: Callable[[str], str]) -> Change:
    return lambda attempt: setattr(attempt, "finish", finish)


def policy(**members: Any) -> Change:
    return lambda attempt: setattr(attempt, "policy", replace(attempt.policy, **members))


def key_issuer(issuer: str | None) -> Change:
    return lambda attempt: setattr(attempt, "key", replace(attempt.key, issuer=issuer))


def key_cloud(name: str | None) -> Change:
    return lambda attempt: setattr(attempt, "key", replace(attempt.key, cloud_instance_name=name))


def access_token(token: str) -> Change:
    return lambda attempt: setattr(attempt, "access_token", token)


def now(seconds: float) -> Change:
    return lambda attempt: setattr(attempt, "now", seconds)


def all_of(*changes: Change) -> Change:
    def change(attempt: Attempt) -> None:
        for each in changes:
            each(attempt)

    return change


def hs256_with_client_secret(message: bytes) -> bytes:
    return hmac.digest(CLIENT_SECRET.encode(), message, "sha256")


def hs256_with_public_key(message: bytes) -> bytes:
    pem = (
        rsa_key("microsoft")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return hmac.digest(pem, message, "sha256")


def rs384(message: bytes) -> bytes:
    return rsa_key("microsoft").sign(message, padding.PKCS1v15(), hashes.SHA384())


def ps256(message: bytes) -> bytes:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    return rsa_key("microsoft").sign(message, pss, hashes.SHA256())


def attackers_rs256(message: bytes) -> bytes:
    return rs256(message, key="attacker")


def unsigned(message: bytes) -> bytes:
    return b""


def signed_by_the_key_in_its_header(attempt: Attempt) -> None:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("attacker").public_key(), as_dict=True)
    attempt.header["jwk"] = {**jwk, "kid": KEY_ID, "alg": "RS256"}
    attempt.sign = attackers_rs256


def at_hash(token: str) -> str:
    return base64url(hashlib.sha256(token.encode()).digest()[:16])


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def of_length(length: int) -> Change:
    """Pad the JSON with spaces until the token has exactly this length."""

    def change(attempt: Attempt) -> None:
        head, body = json.dumps(attempt.header), json.dumps(attempt.claims)
        for spaces in range(3):
            attempt.header = (head + " " * spaces).encode()
            room = length - len(f"{segment(attempt.header)}..{segment(bytes(256))}")
            # Base64 without padding is never one character longer than a multiple of four.
            if room % 4 != 1:
                break
        attempt.claims = body.ljust(room * 3 // 4).encode()
        assert len(attempt.token) == length

    return change


# --- Refused before any key is looked up ----------------------------------------------------------

ALGORITHM = "its algorithm is not RS256"
AUDIENCE = "it is for another application (aud)"
AUTHORIZED_PARTY = "it was issued to another application (azp)"
CRITICAL = "it has a critical extension (RFC 7515 section 4.1.11)"
DIRECTORY = "it is for another directory (tid)"
EXPIRED = "it has expired (exp)"
FUTURE = "it was issued in the future (iat)"
HASH = "it belongs to another access token (at_hash)"
ILL_FORMED = "it is not well-formed"
ISSUER = "its issuer (iss) is not the directory's"
NO_GUID = "tid or oid is missing or not a GUID"
NO_JWT = "it is not a signed JWT"
NO_KEY = "it names no key"
NONCE_WRONG = "it belongs to another sign-in (nonce)"
NO_SUBJECT = "it names no subject (sub)"
NOT_YET = "it is not valid yet (nbf)"
TOO_LONG = "it is too long"
UNENCODED = "its payload may not be encoded (RFC 7797)"
VERSION = "its version (ver) is not the identity API's"

CHEAP: dict[str, tuple[Change, str]] = {
    # The compact form
    "too long": (of_length(MAX_TOKEN_LENGTH + 1), TOO_LONG),
    "empty": (finished(lambda token: ""), NO_JWT),
    "one part": (finished(lambda token: token.replace(".", "")), NO_JWT),
    "two parts": (finished(lambda token: token.rpartition(".")[0]), NO_JWT),
    "four parts": (finished(lambda token: f"{token}.x"), NO_JWT),
    "five parts, as if encrypted": (finished(lambda token: f"{token}.x.y"), NO_JWT),
    "header is empty": (finished(lambda token: f".{token.partition('.')[2]}"), ILL_FORMED),
    "claims are empty": (raw_claims(b""), ILL_FORMED),
    "only dots": (finished(lambda token: ".."), ILL_FORMED),
    "header is no base64": (finished(lambda token: f"x{token}"), ILL_FORMED),
    "header is not ASCII": (finished(lambda token: f"é{token}"), ILL_FORMED),
    "header has a lone surrogate": (finished(lambda token: f"\ud800{token}"), ILL_FORMED),
    "header is no JSON": (raw_header(b"{"), ILL_FORMED),
    "header is junk": (raw_header(b"\xff\xfe\x00\x01\x80"), ILL_FORMED),
    "claims are no JSON": (raw_claims(b"{'aud': 1}"), ILL_FORMED),
    "claims are junk": (raw_claims(bytes(range(256))), ILL_FORMED),
    "header is a list": (raw_header(["alg", "RS256"]), ILL_FORMED),
    "header is null": (raw_header(None), ILL_FORMED),
    "claims are a list": (raw_claims([]), ILL_FORMED),
    "claims are a string": (raw_claims("claims"), ILL_FORMED),
    "claims are a number": (raw_claims(7), ILL_FORMED),
    "a header stands twice": (also("alg", '"RS256"', part="header"), ILL_FORMED),
    "a claim stands twice": (also("tid", f'"{TENANT}"'), ILL_FORMED),
    "a claim stands twice further in": (also("x", '[{"y": 1, "y": 1}]'), ILL_FORMED),
    "header is nested too deep": (also("x", nested(10_000), part="header"), ILL_FORMED),
    "claims are nested too deep": (also("x", nested(20_000)), ILL_FORMED),
    "a number is too long": (also("x", "1" * 10_000), ILL_FORMED),
    # The header
    "alg none": (all_of(header(alg="none"), signed(unsigned)), ALGORITHM),
    "alg None": (all_of(header(alg="None"), signed(unsigned)), ALGORITHM),
    "alg null": (header(alg=None), ALGORITHM),
    "alg missing": (no_header("alg"), ALGORITHM),
    "alg empty": (header(alg=""), ALGORITHM),
    "alg in small letters": (header(alg="rs256"), ALGORITHM),
    "alg in a list": (header(alg=["RS256"]), ALGORITHM),
    "HS256 with the client secret": (
        all_of(header(alg="HS256"), signed(hs256_with_client_secret)),
        ALGORITHM,
    ),
    "HS256 with the public key": (
        all_of(header(alg="HS256"), signed(hs256_with_public_key)),
        ALGORITHM,
    ),
    "RS384": (all_of(header(alg="RS384"), signed(rs384)), ALGORITHM),
    "PS256": (all_of(header(alg="PS256"), signed(ps256)), ALGORITHM),
    "crit": (header(crit=["exp"]), CRITICAL),
    "crit empty": (header(crit=[]), CRITICAL),
    "crit null": (header(crit=None), CRITICAL),
    "a payload that is not encoded (b64)": (header(b64=False), UNENCODED),
    "a payload that is encoded, and says so": (header(b64=True), UNENCODED),
    "kid missing": (no_header("kid"), NO_KEY),
    "kid null": (header(kid=None), NO_KEY),
    "kid empty": (header(kid=""), NO_KEY),
    "kid a number": (header(kid=1), NO_KEY),
    "kid a list": (header(kid=[KEY_ID]), NO_KEY),
    # The directory
    "tid missing": (no_claim("tid"), NO_GUID),
    "tid empty": (claims(tid=""), NO_GUID),
    "tid null": (claims(tid=None), NO_GUID),
    "tid a list": (claims(tid=[TENANT]), NO_GUID),
    "tid a domain": (claims(tid="contoso.com"), NO_GUID),
    "tid with a line end": (claims(tid=f"{TENANT}\n"), NO_GUID),
    "tid in braces": (claims(tid=f"{{{TENANT}}}"), NO_GUID),
    "tid without hyphens": (claims(tid=TENANT.replace("-", "")), NO_GUID),
    "tid no GUID, though the policy says the same": (
        all_of(claims(tid="contoso.com"), policy(tenant_id="contoso.com")),
        NO_GUID,
    ),
    "tid of another directory": (claims(tid=OTHER_TENANT), DIRECTORY),
    "tid and iss of another directory": (
        claims(tid=OTHER_TENANT, iss=V2_ISSUER.replace(TENANT, OTHER_TENANT)),
        DIRECTORY,
    ),
    "sub missing": (no_claim("sub"), NO_SUBJECT),
    "sub empty": (claims(sub=""), NO_SUBJECT),
    "sub a space": (claims(sub=" "), NO_SUBJECT),
    "sub null": (claims(sub=None), NO_SUBJECT),
    "sub a number": (claims(sub=5), NO_SUBJECT),
    "sub a list": (claims(sub=["AAAA"]), NO_SUBJECT),
    "oid missing": (no_claim("oid"), NO_GUID),
    "oid empty": (claims(oid=""), NO_GUID),
    "oid null": (claims(oid=None), NO_GUID),
    "oid a number": (claims(oid=690222), NO_GUID),
    "oid no GUID": (claims(oid="adele@contoso.com"), NO_GUID),
    "oid with more after it": (claims(oid=f"{PERSON}0"), NO_GUID),
    "iss of another directory": (claims(iss=V2_ISSUER.replace(TENANT, OTHER_TENANT)), ISSUER),
    "iss on another host": (
        claims(iss=V2_ISSUER.replace("login.microsoftonline.com", "login.evil.example")),
        ISSUER,
    ),
    "iss of another cloud": (claims(iss=V2_ISSUER.replace(".com", ".us")), ISSUER),
    "iss on plain http": (claims(iss=V2_ISSUER.replace("https", "http")), ISSUER),
    "iss is the template": (claims(iss=TEMPLATE), ISSUER),
    "iss with a slash at the end": (claims(iss=f"{V2_ISSUER}/"), ISSUER),
    "iss with more after it": (claims(iss=f"{V2_ISSUER}.evil.example"), ISSUER),
    "iss of v1": (claims(iss=V1_ISSUER), ISSUER),
    "iss missing": (no_claim("iss"), ISSUER),
    "iss null": (claims(iss=None), ISSUER),
    "iss in a list": (claims(iss=[V2_ISSUER]), ISSUER),
    "ver of v1": (claims(ver="1.0"), VERSION),
    "ver missing": (no_claim("ver"), VERSION),
    "ver a number": (claims(ver=2.0), VERSION),
    "ver in another form": (claims(ver="2"), VERSION),
    # The application
    "aud of another application": (claims(aud=OTHER_CLIENT), AUDIENCE),
    "aud missing": (no_claim("aud"), AUDIENCE),
    "aud empty": (claims(aud=""), AUDIENCE),
    "aud an empty list": (claims(aud=[]), AUDIENCE),
    "aud null": (claims(aud=None), AUDIENCE),
    "aud with one more": (claims(aud=[CLIENT, OTHER_CLIENT]), AUDIENCE),
    "aud with one before": (claims(aud=[OTHER_CLIENT, CLIENT]), AUDIENCE),
    "aud twice": (claims(aud=[CLIENT, CLIENT]), AUDIENCE),
    "aud an object": (claims(aud={CLIENT: True}), AUDIENCE),
    "aud within a longer text": (claims(aud=f"api://{CLIENT}"), AUDIENCE),
    "azp of another application": (claims(azp=OTHER_CLIENT), AUTHORIZED_PARTY),
    "azp null": (claims(azp=None), AUTHORIZED_PARTY),
    "azp in a list": (claims(azp=[CLIENT]), AUTHORIZED_PARTY),
    # The times
    "exp missing": (no_claim("exp"), "it has no time exp"),
    "exp null": (claims(exp=None), "it has no time exp"),
    "exp as text": (claims(exp=str(NOW + 3600)), "it has no time exp"),
    "exp true": (claims(exp=True), "it has no time exp"),
    "exp NaN": (instead("exp", "NaN"), ILL_FORMED),
    "exp Infinity": (instead("exp", "Infinity"), ILL_FORMED),
    "exp long ago": (claims(exp=NOW - 3600), EXPIRED),
    "exp at the end of the leeway": (claims(exp=NOW - 120), EXPIRED),
    "exp before 1970": (claims(exp=-1), "its time exp is out of range"),
    "iat missing": (no_claim("iat"), "it has no time iat"),
    "iat null": (claims(iat=None), "it has no time iat"),
    "iat as text": (claims(iat=str(NOW)), "it has no time iat"),
    "iat true": (claims(iat=True), "it has no time iat"),
    "iat -Infinity": (instead("iat", "-Infinity"), ILL_FORMED),
    "iat beyond the leeway": (claims(iat=NOW + 121), FUTURE),
    "iat just beyond the leeway": (claims(iat=NOW + 120.5), FUTURE),
    "nbf null": (claims(nbf=None), "it has no time nbf"),
    "nbf as text": (claims(nbf=str(NOW)), "it has no time nbf"),
    "nbf false": (claims(nbf=False), "it has no time nbf"),
    "nbf beyond the leeway": (claims(nbf=NOW + 121), NOT_YET),
    "nbf just beyond the leeway": (claims(nbf=NOW + 120.5), NOT_YET),
    "the clock has passed exp": (now(NOW + 3720), EXPIRED),
    "the clock is far behind": (now(NOW - 421), FUTURE),
    # The sign-in
    "nonce of another sign-in": (claims(nonce=NONCE[::-1]), NONCE_WRONG),
    "nonce missing": (no_claim("nonce"), NONCE_WRONG),
    "nonce empty": (claims(nonce=""), NONCE_WRONG),
    "nonce null": (claims(nonce=None), NONCE_WRONG),
    "nonce in a list": (claims(nonce=[NONCE]), NONCE_WRONG),
    "nonce with more after it": (claims(nonce=f"{NONCE}x"), NONCE_WRONG),
    "nonce not ASCII": (claims(nonce="né"), NONCE_WRONG),
    "nonce a lone surrogate": (claims(nonce="\ud800"), NONCE_WRONG),
    "no nonce expected and none there": (
        all_of(policy(nonce=""), no_claim("nonce")),
        NONCE_WRONG,
    ),
    "no nonce expected and an empty one there": (
        all_of(policy(nonce=""), claims(nonce="")),
        NONCE_WRONG,
    ),
    # The access token
    "at_hash of another access token": (claims(at_hash=at_hash("another")), HASH),
    "at_hash with padding": (claims(at_hash=f"{at_hash(ACCESS_TOKEN)}=="), HASH),
    "at_hash of the whole digest": (
        claims(at_hash=base64url(hashlib.sha256(ACCESS_TOKEN.encode()).digest())),
        HASH,
    ),
    "at_hash empty": (claims(at_hash=""), HASH),
    "at_hash null": (claims(at_hash=None), HASH),
    "at_hash a number": (claims(at_hash=5), HASH),
    "at_hash in a list": (claims(at_hash=[at_hash(ACCESS_TOKEN)]), HASH),
    "at_hash a lone surrogate": (claims(at_hash="\ud800"), HASH),
    "at_hash, but no access token": (
        all_of(access_token(""), claims(at_hash=at_hash(ACCESS_TOKEN))),
        HASH,
    ),
}

V1_CHEAP: dict[str, tuple[Change, str]] = {
    "alg none, as v1 may send": (
        all_of(raw_header({"typ": "JWT", "alg": "none"}), signed(unsigned)),
        ALGORITHM,
    ),
    "iss without the slash at the end": (claims(iss=V1_ISSUER[:-1]), ISSUER),
    "iss with two slashes at the end": (claims(iss=f"{V1_ISSUER}/"), ISSUER),
    "iss of v2": (claims(iss=V2_ISSUER), ISSUER),
    "iss is the template": (claims(iss="https://sts.windows.net/{tenantid}/"), ISSUER),
    "iss of another directory": (claims(iss=V1_ISSUER.replace(TENANT, OTHER_TENANT)), ISSUER),
    "iss of China": (
        claims(iss=V1_ISSUER.replace("sts.windows.net", "sts.chinacloudapi.cn")),
        ISSUER,
    ),
    "ver of v2": (claims(ver="2.0"), VERSION),
    "ver missing": (no_claim("ver"), VERSION),
}


def table(*tables: tuple[str, dict[str, tuple[Change, str]]]) -> list[Any]:
    """One parameter set for each case, named by version and change."""
    return [
        pytest.param(version, change, reason, id=f"{version} {name}")
        for version, cases in tables
        for name, (change, reason) in cases.items()
    ]


@pytest.mark.parametrize(("version", "change", "reason"), table((V2, CHEAP), (V1, V1_CHEAP)))
def test_what_a_token_says_wrong_is_refused_before_any_key_is_looked_up(
    version: str, change: Change, reason: str
) -> None:
    tried = attempt(change, version=version)
    with pytest.raises(IdTokenInvalid) as caught:
        tried.validate()
    assert str(caught.value) == f"ID token refused: {reason}."
    assert tried.lookups == ()


# --- Refused with the key at hand -----------------------------------------------------------------

SIGNATURE = "its signature is wrong"
SCOPE = "its signing key is not for this directory"
CLOUD = "its signing key is of another cloud (cloud_instance_name)"


def with_other_claims(token: str) -> str:
    """Keep the signature of a token, but make it another person's."""
    head, body, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"{head}.{segment({**read, 'oid': OTHER_TENANT})}.{signature}"


def with_other_header(token: str) -> str:
    _, body, signature = token.split(".")
    return f"{segment({'alg': 'RS256', 'kid': KEY_ID})}.{body}.{signature}"


def with_broken_signature(token: str) -> str:
    start, _, signature = token.rpartition(".")
    return f"{start}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


DEAR: dict[str, tuple[Change, str]] = {
    "signature of another key": (signed(attackers_rs256), SIGNATURE),
    "signature of other claims": (finished(with_other_claims), SIGNATURE),
    "signature of another header": (finished(with_other_header), SIGNATURE),
    "signature broken": (finished(with_broken_signature), SIGNATURE),
    "signature stripped": (signed(unsigned), SIGNATURE),
    "signature cut short": (finished(lambda token: token[:-4]), SIGNATURE),
    "signature of zeros": (signed(lambda message: bytes(256)), SIGNATURE),
    "signature is no base64": (finished(lambda token: f"{token[:-1]}!"), SIGNATURE),
    "signature is not ASCII": (finished(lambda token: f"{token[:-1]}é"), SIGNATURE),
    "RS384 under the name of RS256": (signed(rs384), SIGNATURE),
    "PS256 under the name of RS256": (signed(ps256), SIGNATURE),
    "HS256 with the public key under the name of RS256": (
        signed(hs256_with_public_key),
        SIGNATURE,
    ),
    "the key in the header (jwk)": (signed_by_the_key_in_its_header, SIGNATURE),
    "the key's address in the header (jku)": (
        all_of(header(jku="https://evil.example/keys"), signed(attackers_rs256)),
        SIGNATURE,
    ),
    "the certificate in the header (x5c)": (
        all_of(header(x5c=["MIIC"], x5t=KEY_ID), signed(attackers_rs256)),
        SIGNATURE,
    ),
    "the certificate's address in the header (x5u)": (
        all_of(header(x5u="https://evil.example/certificate"), signed(attackers_rs256)),
        SIGNATURE,
    ),
    "key without an issuer": (key_issuer(None), SCOPE),
    "key with an empty issuer": (key_issuer(""), SCOPE),
    "key of another directory": (key_issuer(V2_ISSUER.replace(TENANT, OTHER_TENANT)), SCOPE),
    "key of another host": (key_issuer("https://evil.example/{tenantid}/v2.0"), SCOPE),
    "key of v1": (key_issuer("https://sts.windows.net/{tenantid}/"), SCOPE),
    "key of v1 for this directory": (key_issuer(V1_ISSUER), SCOPE),
    "key with another template": (key_issuer(TEMPLATE.replace("tenantid", "tid")), SCOPE),
    "key with more after its issuer": (key_issuer(f"{TEMPLATE}/"), SCOPE),
    "key of another cloud": (key_cloud("microsoftonline.us"), CLOUD),
    "key of another cloud, in other letters": (key_cloud("MICROSOFTONLINE.COM"), CLOUD),
}

V1_DEAR: dict[str, tuple[Change, str]] = {
    "signature of another key": (signed(attackers_rs256), SIGNATURE),
    "key with an empty issuer": (key_issuer(""), SCOPE),
    "key of another directory": (key_issuer(V1_ISSUER.replace(TENANT, OTHER_TENANT)), SCOPE),
    "key of another directory, in v2's terms": (
        key_issuer(V2_ISSUER.replace(TENANT, OTHER_TENANT)),
        SCOPE,
    ),
    "key of another host": (key_issuer("https://evil.example/{tenantid}/"), SCOPE),
    "key of another cloud": (key_cloud("partner.microsoftonline.cn"), CLOUD),
}


@pytest.mark.parametrize(("version", "change", "reason"), table((V2, DEAR), (V1, V1_DEAR)))
def test_a_token_that_the_directorys_key_did_not_sign_is_refused(
    version: str, change: Change, reason: str
) -> None:
    tried = attempt(change, version=version)
    with pytest.raises(IdTokenInvalid) as caught:
        tried.validate()
    assert str(caught.value) == f"ID token refused: {reason}."
    assert tried.lookups == (KEY_ID,)


def test_a_part_with_characters_outside_base64url_is_refused() -> None:
    for junk in ("!", "\n", " ", "é", "=", "%"):
        for position in (0, 1, 2):
            parts = attempt().token.split(".")
            parts[position] = f"{parts[position][:8]}{junk * 4}{parts[position][8:]}"
            with pytest.raises(IdTokenInvalid):
                attempt().validate(".".join(parts))


@pytest.mark.parametrize(
    "error", [UnknownSigningKey("not published"), Unreachable("down")], ids=["unknown", "down"]
)
def test_what_finding_the_key_raises_is_passed_on(error: Exception) -> None:
    def find_key(key_id: str) -> SigningKey:
        raise error

    tried = attempt()
    with pytest.raises(type(error)) as caught:
        validate_id_token(
            tried.token,
            policy=tried.policy,
            find_key=find_key,
            access_token=tried.access_token,
            now=tried.now,
        )
    assert caught.value is error


# --- Accepted -------------------------------------------------------------------------------------

ACCEPTED: dict[str, Change] = {
    "as it comes": all_of(),
    "key of this cloud": key_cloud("microsoftonline.com"),
    "key with an empty cloud": key_cloud(""),
    "aud as a list of one": claims(aud=[CLIENT]),
    "azp our own": claims(azp=CLIENT),
    "exp just within the leeway": claims(exp=NOW - 119),
    "exp a fraction within the leeway": claims(exp=NOW - 119.9),
    "exp with a fraction": claims(exp=NOW + 0.5),
    "iat five minutes old, as always": claims(iat=NOW - 300),
    "iat an hour old": claims(iat=NOW - 3600),
    "iat at the end of the leeway": claims(iat=NOW + 120),
    "nbf at the end of the leeway": claims(nbf=NOW + 120),
    "nbf missing": no_claim("nbf"),
    "the clock at the end of the leeway": now(NOW + 3719.9),
    "the clock behind by the leeway and the back-dating": now(NOW - 420),
    "at_hash of the access token": claims(at_hash=at_hash(ACCESS_TOKEN)),
    "unknown claims": claims(_claim_names={"groups": "src1"}, wids=[PERSON], xms_new=None),
    "the key's thumbprint in the header (x5t)": header(x5t=KEY_ID),
    "a key and its addresses in the header, none of them used": header(
        jwk={"kty": "RSA"}, jku="https://evil.example", x5u="https://evil.example", x5c=["x"]
    ),
    "no typ": no_header("typ"),
    "claims nested to a sensible depth": also("x", nested(50)),
    "the longest that is read": of_length(MAX_TOKEN_LENGTH),
}
V2_ACCEPTED: dict[str, Change] = {
    "key for any directory": key_issuer(TEMPLATE),
    "key for this directory": key_issuer(V2_ISSUER),
}
V1_ACCEPTED: dict[str, Change] = {
    "key without an issuer": key_issuer(None),
    "key for any directory": key_issuer("https://sts.windows.net/{tenantid}/"),
    "key for this directory": key_issuer(V1_ISSUER),
    "key for any directory, in v2's terms": key_issuer(TEMPLATE),
    "key for this directory, in v2's terms": key_issuer(V2_ISSUER),
}


@pytest.mark.parametrize(
    ("version", "change"),
    [
        pytest.param(version, change, id=f"{version} {name}")
        for version, cases in [(V2, ACCEPTED | V2_ACCEPTED), (V1, ACCEPTED | V1_ACCEPTED)]
        for name, change in cases.items()
    ],
)
def test_a_valid_token_is_accepted_with_one_look_for_its_key(version: str, change: Change) -> None:
    tried = attempt(change, version=version)
    read = tried.validate()
    assert (read.tenant_id, read.object_id) == (TENANT, PERSON)
    assert tried.lookups == (KEY_ID,)


def test_the_directory_of_the_policy_counts_and_not_the_segment_of_the_addresses() -> None:
    for segment_in_use in ("contoso.com", "common"):
        authority = Authority(CLOUDS["global"], segment_in_use, V2)
        assert attempt(policy(authority=authority)).validate().tenant_id == TENANT


# --- The common endpoint --------------------------------------------------------------------------

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
ANY_DIRECTORY = policy(tenant_id=None)


def issued_by(tenant_id: str) -> Change:
    """Make it a token of this directory, under either API."""

    def change(attempt: Attempt) -> None:
        attempt.claims["tid"] = tenant_id
        attempt.claims["iss"] = attempt.claims["iss"].replace(TENANT, tenant_id)

    return change


COMMON: dict[str, Change] = {
    "a directory": all_of(),
    "another directory": issued_by(OTHER_TENANT),
    "personal accounts": issued_by(PERSONAL),
}
COMMON_V2: dict[str, Change] = {
    "a key of the token's own directory": all_of(
        issued_by(OTHER_TENANT), key_issuer(V2_ISSUER.replace(TENANT, OTHER_TENANT))
    ),
    "the key of personal accounts": all_of(
        issued_by(PERSONAL), key_issuer(V2_ISSUER.replace(TENANT, PERSONAL))
    ),
}


@pytest.mark.parametrize(
    ("version", "change"),
    [
        pytest.param(version, change, id=f"{version} {name}")
        for version, cases in [(V2, COMMON | COMMON_V2), (V1, COMMON)]
        for name, change in cases.items()
    ],
)
def test_a_policy_for_any_directory_takes_each_under_its_own_name(
    version: str, change: Change
) -> None:
    tried = attempt(change, ANY_DIRECTORY, version=version)
    assert tried.validate().tenant_id == tried.claims["tid"]
    assert tried.lookups == (KEY_ID,)


COMMON_REFUSED: dict[str, tuple[Change, str]] = {
    "tid missing": (no_claim("tid"), NO_GUID),
    "tid the template": (claims(tid="{tenantid}", iss=TEMPLATE), NO_GUID),
    "tid of another directory than iss": (claims(tid=OTHER_TENANT), ISSUER),
    "iss of another directory than tid": (
        claims(iss=V2_ISSUER.replace(TENANT, OTHER_TENANT)),
        ISSUER,
    ),
    "iss is the template": (claims(iss=TEMPLATE), ISSUER),
    "iss on another host": (
        claims(iss=V2_ISSUER.replace("login.microsoftonline.com", "login.evil.example")),
        ISSUER,
    ),
    "key of another directory": (key_issuer(V2_ISSUER.replace(TENANT, OTHER_TENANT)), SCOPE),
    "key of personal accounts": (key_issuer(V2_ISSUER.replace(TENANT, PERSONAL)), SCOPE),
    "key of this directory for a token of another": (
        all_of(issued_by(OTHER_TENANT), key_issuer(V2_ISSUER)),
        SCOPE,
    ),
    "key without an issuer": (key_issuer(None), SCOPE),
    "signature of another key": (signed(attackers_rs256), SIGNATURE),
}
COMMON_REFUSED_V1: dict[str, tuple[Change, str]] = {
    "tid of another directory than iss": (claims(tid=OTHER_TENANT), ISSUER),
    "iss is the template": (claims(iss="https://sts.windows.net/{tenantid}/"), ISSUER),
    "key of another directory": (key_issuer(V1_ISSUER.replace(TENANT, OTHER_TENANT)), SCOPE),
    "key of personal accounts": (key_issuer(V2_ISSUER.replace(TENANT, PERSONAL)), SCOPE),
}


@pytest.mark.parametrize(
    ("version", "change", "reason"), table((V2, COMMON_REFUSED), (V1, COMMON_REFUSED_V1))
)
def test_a_policy_for_any_directory_still_holds_a_token_to_the_one_it_names(
    version: str, change: Change, reason: str
) -> None:
    with pytest.raises(IdTokenInvalid) as caught:
        attempt(change, ANY_DIRECTORY, version=version).validate()
    assert str(caught.value) == f"ID token refused: {reason}."


# --- What is read ---------------------------------------------------------------------------------

TEXTS = {
    "name": "name",
    "given_name": "given_name",
    "family_name": "family_name",
    "preferred_username": "preferred_username",
    "upn": "upn",
    "email": "email",
    "sid": "session_id",
    "login_hint": "login_hint",
}


def test_every_text_is_read_from_its_own_claim() -> None:
    read = attempt(claims(**{claim: f"the {claim}" for claim in TEXTS})).validate()
    assert read == IdTokenClaims(
        tenant_id=TENANT,
        object_id=PERSON,
        name="the name",
        given_name="the given_name",
        family_name="the family_name",
        preferred_username="the preferred_username",
        upn="the upn",
        email="the email",
        email_domain_verified=False,
        is_guest=False,
        session_id="the sid",
        login_hint="the login_hint",
    )


def test_all_claims_are_there_to_be_looked_at_but_are_shown_in_no_log() -> None:
    tried = attempt(claims(xms_new="unheard of", name="Adele Vance"))
    read = tried.validate()
    assert read.everything == tried.claims
    assert "unheard of" not in repr(read)
    assert read == IdTokenClaims(tenant_id=TENANT, object_id=PERSON, name="Adele Vance")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (1_790_000_000, 1_790_000_000),
        (1_790_000_000.5, 1_790_000_000.5),
        (0, 0),
        (-1, 0),
        (1e300, 0),
        ("1790000000", 0),
        (True, 0),
        (None, 0),
        ([], 0),
    ],
)
def test_the_time_of_authentication_is_read_where_it_is_one(sent: object, read: float) -> None:
    assert attempt(claims(auth_time=sent)).validate().authenticated_at == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["pwd", "mfa"], ("pwd", "mfa")),
        (["pwd", "pwd"], ("pwd",)),
        (["pwd", 7, None, ["mfa"], "", "a b", "a\x00", "a\nb", "\ud800", "x" * 121], ("pwd",)),
        ("pwd", ()),
        ({"pwd": 1}, ()),
        (None, ()),
    ],
)
def test_methods_and_roles_are_read_where_they_are_names(
    sent: object, read: tuple[str, ...]
) -> None:
    found = attempt(claims(amr=sent, roles=sent)).validate()
    assert (found.methods, found.roles) == (read, read)


def test_methods_are_bounded_and_all_roles_are_read() -> None:
    found = attempt(
        claims(
            amr=[f"m{number}" for number in range(99)] + ["x" * 25],
            roles=["x" * 120, *(f"r{number}" for number in range(500))],
        )
    ).validate()
    assert found.methods == tuple(f"m{number}" for number in range(8))
    # They decide rights, so none is left out.
    assert len(found.roles) == 501
    assert len(found.roles[0]) == 120
    assert attempt(claims(amr=["x" * 25])).validate().methods == ()


def test_texts_that_are_not_there_are_empty() -> None:
    assert attempt().validate() == IdTokenClaims(tenant_id=TENANT, object_id=PERSON)


@pytest.mark.parametrize("odd", [None, 5, 1.5, True, [], ["Adele"], {}, {"a": "b"}], ids=repr)
@pytest.mark.parametrize("claim", TEXTS)
def test_a_text_of_another_type_is_ignored(claim: str, odd: object) -> None:
    read = attempt(claims(**{claim: odd})).validate()
    assert read == IdTokenClaims(tenant_id=TENANT, object_id=PERSON)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Ade\x00le", "Adele"),
        ("\x00", ""),
        ("Ade\ud800le", "Ade?le"),
        (" Adele\n", "Adele"),
        ("   ", ""),
        ("Zoë 🦊 李", "Zoë 🦊 李"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("claim", TEXTS)
def test_a_text_can_be_stored_in_any_database(claim: str, sent: str, read: str) -> None:
    assert getattr(attempt(claims(**{claim: sent})).validate(), TEXTS[claim]) == read


@pytest.mark.parametrize(
    ("sent", "verified"),
    [
        (True, True),
        ("1", True),
        ("true", True),
        (1, True),
        (False, False),
        (None, False),
        ("", False),
        ("0", False),
        (0, False),
        ("false", False),
        (2, False),
        ([True], False),
        (["1"], False),
        ({"1": True}, False),
    ],
    ids=repr,
)
def test_the_emails_domain_is_verified_only_if_microsoft_says_so(
    sent: object, verified: bool
) -> None:
    read = attempt(claims(email="adele@contoso.com", xms_edov=sent)).validate()
    assert read.email_domain_verified is verified


@pytest.mark.parametrize("email", ["", "  ", "\x00", None, 5, ["adele@contoso.com"]], ids=repr)
def test_without_an_email_there_is_no_verified_domain(email: object) -> None:
    assert attempt(claims(email=email, xms_edov=True)).validate().email_domain_verified is False
    assert attempt(claims(xms_edov=True)).validate().email_domain_verified is False


@pytest.mark.parametrize(
    ("changes", "guest"),
    [
        ({}, False),
        ({"acct": 0}, False),
        ({"acct": "0"}, False),
        ({"acct": 1}, True),
        ({"acct": "1"}, True),
        ({"idp": V2_ISSUER}, False),
        ({"idp": f"https://sts.windows.net/{OTHER_TENANT}/"}, True),
        ({"idp": "live.com"}, True),
        ({"idp": "mail"}, True),
        ({"idp": V2_ISSUER + "/"}, False),
        ({"idp": V1_ISSUER}, False),
        ({"idp": V1_ISSUER.rstrip("/")}, False),
        ({"idp": None}, False),
        ({"idp": ""}, False),
        ({"idp": 0}, True),
        ({"idp": f"https://sts.windows.net/{TENANT}//"}, True),
        ({"idp": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"}, True),
        ({"idp": f"https://sts.windows.net.example/{TENANT}/"}, True),
        ({"idp": f"https://sts.chinacloudapi.cn/{TENANT}/"}, True),
        ({"idp": TENANT}, True),
        ({"idp": [V2_ISSUER]}, True),
        ({"upn": "alex_fabrikam.com#EXT#@contoso.onmicrosoft.com"}, True),
        ({"upn": "alex_fabrikam.com#ext#@contoso.onmicrosoft.com"}, True),
        ({"preferred_username": "alex_fabrikam.com#EXT#@contoso.onmicrosoft.com"}, True),
        ({"upn": "alex_fabrikam.com#E\u200bXT#@contoso.onmicrosoft.com"}, True),
        ({"upn": "ext@contoso.com", "preferred_username": "#@contoso.com"}, False),
        ({"name": "#EXT#", "email": "a#EXT#@contoso.com"}, False),
    ],
    ids=repr,
)
def test_a_guest_is_recognised_by_any_of_three_claims(changes: dict[str, Any], guest: bool) -> None:
    assert attempt(claims(**changes)).validate().is_guest is guest


F19 = case("F19")


@pytest.mark.parametrize(
    ("api", "idp"),
    [(V2, idp) for idp in F19["v2 token with idp"]]
    + [(V1, idp) for idp in F19["v1 token with idp"]],
)
def test_an_idp_of_the_own_directory_does_not_make_a_guest(api: str, idp: str | None) -> None:
    own = idp and idp.replace(F19["tid"], TENANT)
    assert attempt(claims(idp=own), version=api).validate().is_guest is False


# --- Anything at all ------------------------------------------------------------------------------

fuzz = settings(deadline=None, derandomize=True, database=None, max_examples=75)

RULED = [
    "acct",
    "idp",
    "aud",
    "iss",
    "iat",
    "nbf",
    "exp",
    "nonce",
    "oid",
    "tid",
    "ver",
    "azp",
    "at_hash",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@fuzz
@given(st.text(st.characters()))
def test_arbitrary_text_is_refused_and_nothing_worse(text: str) -> None:
    with pytest.raises(IdTokenInvalid):
        attempt().validate(text)


@pytest.mark.slow
@fuzz
@given(st.lists(st.binary() | JSON, min_size=3, max_size=3))
def test_three_arbitrary_parts_are_refused_and_nothing_worse(parts: list[Any]) -> None:
    with pytest.raises(IdTokenInvalid):
        attempt().validate(".".join(segment(part) for part in parts))


@pytest.mark.slow
@fuzz
@given(st.dictionaries(st.sampled_from(["alg", "kid", "crit", "typ", "b64", "x5c", "zip"]), JSON))
def test_an_arbitrary_header_is_accepted_or_refused_and_nothing_worse(
    changes: dict[str, Any],
) -> None:
    tried = attempt(header(**changes))
    try:
        tried.validate()
    except IdTokenInvalid:
        return
    assert tried.header["alg"] == "RS256"
    assert "crit" not in tried.header


@pytest.mark.slow
@fuzz
@given(st.dictionaries(st.sampled_from([*RULED, *TEXTS]), JSON))
def test_arbitrary_claims_are_accepted_or_refused_and_nothing_worse(
    changes: dict[str, Any],
) -> None:
    try:
        read = attempt(claims(**changes)).validate()
    except IdTokenInvalid:
        return
    assert (read.tenant_id, read.object_id) == (TENANT, PERSON)
    for text in (getattr(read, field) for field in TEXTS.values()):
        assert "\x00" not in text
        text.encode()  # raises for a lone surrogate


@fuzz
@given(st.text(st.characters(codec="utf-8")))
def test_an_arbitrary_signature_is_refused_and_nothing_worse(signature: str) -> None:
    with pytest.raises(IdTokenInvalid):
        attempt(finished(lambda token: f"{token.rpartition('.')[0]}.{signature}")).validate()


# --- The issuer that the callback named (RFC 9207) ------------------------------------------------


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("tenant_id", [TENANT, None])
def test_a_callback_that_named_the_directorys_issuer(version: str, tenant_id: str | None) -> None:
    issuer = V2_ISSUER if version == V2 else V1_ISSUER
    asked = policy(named_issuers=(issuer, issuer), tenant_id=tenant_id)
    assert attempt(asked, version=version).validate().tenant_id == TENANT


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("tenant_id", [TENANT, None])
@pytest.mark.parametrize("place", [0, 1])
def test_a_callback_that_named_another_issuer(
    version: str, tenant_id: str | None, place: int
) -> None:
    issuer = V2_ISSUER if version == V2 else V1_ISSUER
    named = [issuer, issuer]
    named[place] = issuer.replace(TENANT, OTHER_TENANT)
    made = attempt(policy(named_issuers=tuple(named), tenant_id=tenant_id), version=version)
    with pytest.raises(IssuerMismatch, match="RFC 9207"):
        made.validate()
    assert made.lookups == ()
