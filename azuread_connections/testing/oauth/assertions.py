"""Client assertions: signed by a registered certificate, or another issuer's token.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

from typing import Any

import jwt

from ..directory.apps import App
from ..directory.credentials import TOKEN_EXCHANGE
from ..server.call import Call
from .errors import Refusal

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: The application ID that managed identities' tokens have as audience for TOKEN_EXCHANGE.
EXCHANGE_APP = "fb60f99c-7a34-4190-8149-302f77469936"
#: Seconds by which clocks may differ.
LEEWAY = 300
_TIMES = ("exp", "nbf")


def check_assertion(call: Call, app: App, assertion: str) -> None:
    """Accept the assertion for this app, or refuse it with Microsoft's number."""
    if call.request.form.get("client_assertion_type") != TYPE:
        raise Refusal(900144, parameter="client_assertion_type")
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise Refusal(50027) from None
    if "x5t#S256" in header or "x5t" in header or claims.get("iss") == app.client_id:
        _check_certificate(call, app, assertion, header, claims)
    else:
        _check_federated(call, app, assertion, claims)


def _check_certificate(
    call: Call, app: App, assertion: str, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    if header.get("alg") not in ("PS256", "RS256"):
        raise Refusal(50027)
    named = [
        known
        for known in app.certificates
        if known.is_named(header.get("x5t#S256"), header.get("x5t"))
    ]
    if not named:
        raise Refusal(700027, reason="The key was not found.")
    (certificate,) = named[:1]
    if not certificate.propagation.is_over(call.now):
        raise Refusal(700027, reason="The key was not found.")
    if certificate.is_expired(call.now):
        raise Refusal(700027, reason="The key used is expired.")
    if not _is_signed_by(certificate.certificate.public_key(), assertion, header["alg"]):
        raise Refusal(700027, reason="The key was found, but does not verify the signature.")
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise Refusal(700021)
    if claims.get("aud") not in _audiences(call):
        raise Refusal(700023)
    _check_times(call, claims)
    if not call.state.is_first_use(str(claims.get("jti", ""))):
        # Stricter than Microsoft: a client has to make a new one for each request.
        raise Refusal(50013)


def _check_federated(call: Call, app: App, assertion: str, claims: dict[str, Any]) -> None:
    issuer, subject = claims.get("iss"), claims.get("sub")
    of_issuer = [rule for rule in app.federated_credentials if rule.issuer == issuer]
    if not of_issuer:
        raise Refusal(700211, presented=str(issuer))
    of_subject = [rule for rule in of_issuer if rule.subject == subject]
    if not of_subject:
        if any(rule.subject.lower() == str(subject).lower() for rule in of_issuer):
            raise Refusal(7002138)
        if _is_ours(call, str(issuer)):
            raise Refusal(7000226)
        raise Refusal(700213, presented=str(subject))
    found = claims.get("aud")
    audiences = set(found if isinstance(found, list) else [found])
    if EXCHANGE_APP in audiences:
        audiences.add(TOKEN_EXCHANGE)
    if not any(rule.audience in audiences for rule in of_subject):
        if _is_ours(call, str(issuer)):
            raise Refusal(7000227)
        raise Refusal(700212, presented=str(found))
    key = call.state.key_of_issuer(str(issuer))
    if key is None or not _is_signed_by(key.private_key.public_key(), assertion, "RS256"):
        raise Refusal(50013)
    _check_times(call, claims)


def _is_ours(call: Call, issuer: str) -> bool:
    """Whether the token is a managed identity's, which Entra itself issues."""
    return issuer.startswith((f"{call.url}/", f"{call.state.url}/"))


def _is_signed_by(key: Any, assertion: str, algorithm: str) -> bool:
    try:
        # Only the signature: the claims have numbers of their own.
        jwt.api_jws.decode(assertion, key, algorithms=[algorithm])
    except (jwt.PyJWTError, TypeError):
        return False
    return True


def _audiences(call: Call) -> set[str]:
    """The token endpoint, as the client wrote it and as we would, and the v2.0 issuer."""
    tenant = call.request.tenant
    return {
        f"{url}{path}"
        for url in (call.url, call.state.url)
        for path in (
            f"/{tenant}/oauth2/v2.0/token",
            f"/{tenant}/oauth2/token",
            f"/{tenant}/v2.0",
        )
    }


def _check_times(call: Call, claims: dict[str, Any]) -> None:
    if not all(isinstance(claims.get(name, 0), int | float) for name in _TIMES):
        raise Refusal(50027)
    if "exp" not in claims:
        raise Refusal(50027)
    if claims["exp"] + LEEWAY <= call.now or claims.get("nbf", 0) - LEEWAY > call.now:
        raise Refusal(700024)
