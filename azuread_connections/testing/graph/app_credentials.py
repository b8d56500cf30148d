"""Changes of an app registration's credentials.

https://learn.microsoft.com/graph/api/application-addpassword and its neighbours.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509

from ..directory.apps import App
from ..directory.credentials import AppCertificate
from ..oauth.access import AccessToken
from ..server.call import Call
from ..server.wire import Response, json_response
from .applications import named_app
from .errors import GraphRefusal, bad_request
from .objects import key_credential, password_credential

#: Azure AD Graph's ID: the audience of a proof, also at Microsoft Graph.
PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
#: Seconds.
PROOF_LIFETIME = 600
_LEEWAY = 300
_DAY = 86400
_TWO_YEARS = 730 * _DAY
_WRITES_ALL = ("Application.ReadWrite.All", "Directory.ReadWrite.All")


def add_password(call: Call, token: AccessToken) -> Response:
    """Add a secret; its text is in this answer and in no later one."""
    app = _changeable(call, token)
    wanted = _body(call).get("passwordCredential") or {}
    ends = _moment(wanted.get("endDateTime")) or call.now + _TWO_YEARS
    if app.policy.forbids_secrets:
        raise _type_forbidden(app)
    _check_lifetime(app, ends - call.now, app.policy.max_secret_days)
    with call.state.lock:
        secret = app.add_secret(expires_at=ends)
        secret.name = wanted.get("displayName")
        secret.added_at = call.now
        secret.propagation = app.propagation.begun(call.now)
    properties = password_credential(secret) | {"secretText": secret.value}
    return _answer(call, "passwordCredential", properties)


def remove_password(call: Call, token: AccessToken) -> Response:
    app = _changeable(call, token)
    key_id = _key_id(call)
    with call.state.lock:
        if key_id not in [secret.key_id for secret in app.secrets]:
            raise bad_request(f"No password credential found with keyId '{key_id}'.")
        app.remove_secret(key_id)
    return Response(204)


def add_key(call: Call, token: AccessToken) -> Response:
    """Add a certificate. An app needs no permission for its own, but the proof of another key."""
    app = _own_or_changeable(call, token)
    body = _body(call)
    _check_proof(call, app, body.get("proof"))
    wanted = body.get("keyCredential") or {}
    if (wanted.get("type"), wanted.get("usage")) != ("AsymmetricX509Cert", "Verify"):
        raise bad_request("Key type or usage is not supported.", "Request_BadRequest")
    found = _certificate(wanted.get("key"))
    if app.policy.forbids_certificates:
        raise _type_forbidden(app)
    lifetime = (found.not_valid_after_utc - found.not_valid_before_utc).total_seconds()
    _check_lifetime(app, lifetime, app.policy.max_certificate_days)
    added = AppCertificate(
        found, name=wanted.get("displayName"), propagation=app.propagation.begun(call.now)
    )
    with call.state.lock:
        app.certificates.append(added)
    return _answer(call, "keyCredential", key_credential(added) | {"key": None})


def remove_key(call: Call, token: AccessToken) -> Response:
    app = _own_or_changeable(call, token)
    key_id = _key_id(call)
    _check_proof(call, app, _body(call).get("proof"))
    with call.state.lock:
        found = [each for each in app.certificates if each.key_id == key_id]
        if not found:
            raise bad_request(f"No key credential found with keyId '{key_id}'.")
        app.certificates.remove(found[0])
    return Response(204)


def _changeable(call: Call, token: AccessToken) -> App:
    """The app of the path; 403 without a permission to change it."""
    app = _visible_app(call, token)
    owned = app is token.app and app.owns_itself and token.may("Application.ReadWrite.OwnedBy")
    if not owned and not token.may(*_WRITES_ALL):
        raise GraphRefusal(403)
    return app


def _own_or_changeable(call: Call, token: AccessToken) -> App:
    app = _visible_app(call, token)
    return app if app is token.app and token.person is None else _changeable(call, token)


def _visible_app(call: Call, token: AccessToken) -> App:
    return named_app(call, token.directory.apps)


def _check_proof(call: Call, app: App, proof: object) -> None:
    """A JWT signed with the key of a certificate that the app has, which is not over."""
    valid = [each for each in app.certificates if not each.is_expired(call.now)]
    for certificate in valid:
        key: Any = certificate.certificate.public_key()
        try:
            # PyJWT would take the time of this machine, not of the stand-in's clock.
            content = jwt.api_jws.decode(str(proof), key, algorithms=["RS256", "PS256"])
            claims = json.loads(content)
        except (jwt.PyJWTError, TypeError, ValueError):
            continue
        if isinstance(claims, dict) and _is_in_order(call, app, claims):
            return
    raise GraphRefusal(
        401, "Access Token missing or malformed.", "Authentication_MissingOrMalformed"
    )


def _is_in_order(call: Call, app: App, claims: dict[str, Any]) -> bool:
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int) or not isinstance(ends, int):
        return False
    return (
        claims.get("aud") == PROOF_AUDIENCE
        and claims.get("iss") == app.object_id
        and 0 < ends - begins <= PROOF_LIFETIME
        and begins - _LEEWAY <= call.now < ends + _LEEWAY
    )


def _check_lifetime(app: App, seconds: float, most_days: float | None) -> None:
    # A minute of grace, as the client's clock is another one.
    if most_days is None or seconds <= most_days * _DAY + 60:
        return
    raise bad_request(
        "Credential lifetime exceeds the max value allowed as per assigned policy "
        f"'{app.policy.id}'.",
        "CredentialInvalidLifetimeAsPerAppPolicy",
    )


def _type_forbidden(app: App) -> GraphRefusal:
    return bad_request(
        f"Credential type not allowed as per assigned policy '{app.policy.id}'.",
        "CredentialTypeNotAllowedAsPerAppPolicy",
    )


def _body(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    return body


def _key_id(call: Call) -> str:
    return str(_body(call).get("keyId", "")).lower()


def _certificate(content: object) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(str(content), validate=True))
    except (ValueError, binascii.Error):
        raise bad_request("Key credential end date is invalid.", "Request_BadRequest") from None


def _moment(text: object) -> float | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise bad_request("Invalid value for endDateTime.", "BadRequest") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _answer(call: Call, kind: str, properties: dict[str, Any]) -> Response:
    context = f"{call.url}/graph/v1.0/$metadata#microsoft.graph.{kind}"
    return json_response({"@odata.context": context, **properties})
