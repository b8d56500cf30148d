"""The token endpoint: codes and client credentials for tokens (facts, sections 6 and 9)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
import re
import secrets
from typing import Any
from urllib.parse import unquote_plus

from . import tokens
from .call import Call
from .directory import App, Directory
from .errors import Refusal, error_response
from .keys import base64url
from .state import CODE_LIFETIME, Grant
from .wire import Response, json_response

# What Microsoft's codes look like; anything else is refused before the secret is looked at.
CODE_SHAPE = re.compile(r"[01]\.A[A-Za-z0-9._-]{200,4000}")

# Access tokens live a random 60 to 90 minutes.
ACCESS_TOKEN_LIFETIMES = range(3599, 5399)

# What v1 grants where no resource was named.
AZURE_AD_GRAPH = "00000002-0000-0000-c000-000000000000"


def token(call: Call) -> Response:
    """Answer one POST, errors in Microsoft's JSON."""
    try:
        document = _grant_types(call)
    except Refusal as refusal:
        # Of a code that cannot be read Microsoft says invalid_grant, of other nonsense
        # invalid_request (facts, section 10).
        malformed_code = refusal.code == 9002313 and "code" in call.request.form
        error = "invalid_grant" if malformed_code else None
        return error_response(refusal, call.incident, url=call.url, error=error)
    with call.state.lock:
        changes = call.state.response_changes.take()
    for change in changes:
        document = change(document) or document
    return json_response(
        document,
        headers={
            "Cache-Control": "no-store, no-cache",
            "Pragma": "no-cache",
            "x-ms-request-id": call.incident.trace_id,
        },
    )


def _grant_types(call: Call) -> dict[str, Any]:
    grant_type = _required(call, "grant_type")
    directory = call.directory()
    if grant_type == "authorization_code":
        return _redeem_code(call, directory)
    if grant_type == "client_credentials":
        return _client_credentials(call, directory)
    raise Refusal(70003, grant_type=grant_type)


def _redeem_code(call: Call, directory: Directory | None) -> dict[str, Any]:
    code = _required(call, "code")
    redirect_uri = _required(call, "redirect_uri")
    client_id, secret = _client_credentials_sent(call)
    if not CODE_SHAPE.fullmatch(code):
        raise Refusal(9002313)
    app = _find_app(call, client_id, directory)
    cross_origin = "Origin" in call.request.headers
    if not (app.platform == "spa" and cross_origin):
        _check_secret(call, app, secret)
    grant = call.state.grant_of(code)
    if grant is None or grant.app is not app or grant.version != call.version:
        raise Refusal(70000)
    _check_code(call, grant, redirect_uri, directory)
    if app.platform == "spa" and not cross_origin:
        raise Refusal(9002327)
    if app.platform != "spa" and cross_origin:
        raise Refusal(9002326)
    _use_up(call, grant)
    if call.version == "v1.0":
        return _v1_tokens(call, grant)
    return _v2_tokens(call, grant)


def _check_code(call: Call, grant: Grant, redirect_uri: str, directory: Directory | None) -> None:
    if redirect_uri != grant.redirect_uri:
        raise Refusal(500112, redirect_uri=redirect_uri, expected_redirect_uri=grant.redirect_uri)
    if directory is not None and directory is not grant.directory:
        raise Refusal(700005)
    if call.now >= grant.issued_at + CODE_LIFETIME:
        raise Refusal(70008)
    if grant.used:
        raise Refusal(54005)
    if not grant.person.enabled:
        raise Refusal(50057)
    _check_verifier(grant, call.request.form.get("code_verifier"))


def _check_verifier(grant: Grant, verifier: str | None) -> None:
    """PKCE. A wrong verifier does not use the code up (facts, section 10: 501481)."""
    if grant.challenge is None:
        return
    proof = verifier or ""
    if grant.challenge_method == "S256":
        proof = base64url(hashlib.sha256(proof.encode()).digest())
    if not hmac.compare_digest(proof.encode(), grant.challenge.encode()):
        raise Refusal(501481)


def _use_up(call: Call, grant: Grant) -> None:
    with call.state.lock:
        if grant.used:
            raise Refusal(54005)
        grant.used = True


def _v2_tokens(call: Call, grant: Grant) -> dict[str, Any]:
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    document: dict[str, Any] = {
        "token_type": "Bearer",
        # offline_access is not echoed.
        "scope": " ".join(s for s in grant.scope_text.split() if s != "offline_access"),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": _opaque_token(),
    }
    if "offline_access" in grant.scopes:
        document["refresh_token"] = f"1.A{_opaque_token()}"
    if "openid" in grant.scopes:
        document["id_token"] = mint_id_token(call, grant, signed=True)
    if call.request.form.get("client_info") == "1":
        document["client_info"] = tokens.client_info(grant.person)
    return document


def _v1_tokens(call: Call, grant: Grant) -> dict[str, Any]:
    """v1 writes its numbers as strings, and signs the ID token only for `scope=openid`."""
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    signed = "openid" in grant.scopes | set(call.request.form.get("scope", "").split())
    return {
        "token_type": "Bearer",
        "scope": "openid User.Read" if signed else "User.Read",
        "expires_in": str(lifetime),
        "ext_expires_in": str(lifetime),
        "expires_on": str(int(call.now) + lifetime),
        "not_before": str(int(call.now) - tokens.BACKDATED),
        "resource": call.request.form.get("resource") or grant.resource or AZURE_AD_GRAPH,
        "access_token": _opaque_token(),
        "refresh_token": f"1.A{_opaque_token()}",
        "id_token": mint_id_token(call, grant, signed=signed),
    }


def mint_id_token(call: Call, grant: Grant, *, signed: bool) -> str:
    """The ID token of a grant, after the changes that a test has ordered."""
    claims = tokens.id_token_claims(
        url=call.url,
        directory=grant.directory,
        app=grant.app,
        person=grant.person,
        version=grant.version,
        scopes=grant.scopes,
        nonce=grant.nonce,
        now=call.now,
    )
    with call.state.lock:
        key = call.state.keys.current
        changes = call.state.id_token_changes.take()
    header = tokens.id_token_header(key, grant.version) if signed else tokens.unsigned_header()
    for change in changes:
        changed = change(header, claims)
        if isinstance(changed, str):
            return changed
        if changed is not None:
            header, claims = changed
    return tokens.encode(header, claims, key)


def _client_credentials(call: Call, directory: Directory | None) -> dict[str, Any]:
    client_id, secret = _client_credentials_sent(call)
    parameter = "resource" if call.version == "v1.0" else "scope"
    asked = _required(call, parameter)
    if directory is None:
        raise Refusal(50059)
    app = _find_app(call, client_id, directory)
    _check_secret(call, app, secret)
    if parameter == "scope" and not asked.endswith("/.default"):
        raise Refusal(1002012, scope=asked)
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    if call.version == "v2.0":
        return {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": _opaque_token(),
        }
    return {
        "token_type": "Bearer",
        "expires_in": str(lifetime),
        "ext_expires_in": str(lifetime),
        "expires_on": str(int(call.now) + lifetime),
        "not_before": str(int(call.now) - tokens.BACKDATED),
        "resource": asked,
        "access_token": _opaque_token(),
    }


def _required(call: Call, parameter: str) -> str:
    value = call.request.form.get(parameter)
    if not value:
        raise Refusal(900144, parameter=parameter)
    return value


def _client_credentials_sent(call: Call) -> tuple[str, str | None]:
    """Client ID and secret, from HTTP Basic (each part URL-encoded) or from the body."""
    scheme, _, encoded = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return _required(call, "client_id"), call.request.form.get("client_secret")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(9002313) from None
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _find_app(call: Call, client_id: str, directory: Directory | None) -> App:
    app = call.state.registry.find_app(client_id)
    if app is None or (directory and not app.is_usable_in(directory)):
        tenant = directory.name if directory else call.request.tenant
        raise Refusal(700016, client_id=client_id, tenant=tenant)
    return app


def _check_secret(call: Call, app: App, secret: str | None) -> None:
    """Any unexpired secret of the app will do; an expired one has its own code."""
    if not secret:
        # No app has a registered certificate here, so no assertion is ever good.
        raise Refusal(700027 if "client_assertion" in call.request.form else 7000218)
    matching = [known for known in app.secrets if known.value == secret]
    if not matching:
        raise Refusal(7000215, client_id=app.client_id)
    if all(known.is_expired(call.now) for known in matching):
        raise Refusal(7000222, client_id=app.client_id)


def _opaque_token() -> str:
    """Access and refresh tokens are none of the client's business, so they say nothing."""
    return secrets.token_urlsafe(900)
