"""The token endpoint: codes and client credentials for tokens."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from ..directory.directories import Directory
from ..server.call import Call
from ..server.state import CODE_LIFETIME, Grant
from ..server.wire import Response, json_response
from .client_auth import check_client, check_public_client, credentials_sent, find_app, required
from .errors import Refusal, error_response
from .keys import base64url
from .token_answers import answer_app, answer_v1, answer_v2

# The form of Microsoft's codes; anything else is refused before the secret is checked.
CODE_SHAPE = re.compile(r"[01]\.A[A-Za-z0-9._-]{200,4000}")


def token(call: Call) -> Response:
    """Answer one POST, errors in Microsoft's JSON."""
    try:
        document = _grant_types(call)
    except Refusal as refusal:
        # Of a code that cannot be read Microsoft says invalid_grant, of other nonsense
        # invalid_request.
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
    grant_type = required(call, "grant_type")
    directory = call.directory()
    if grant_type == "authorization_code":
        return _redeem_code(call, directory)
    if grant_type == "client_credentials":
        return _client_credentials(call, directory)
    raise Refusal(70003, grant_type=grant_type)


def _redeem_code(call: Call, directory: Directory | None) -> dict[str, Any]:
    code = required(call, "code")
    redirect_uri = required(call, "redirect_uri")
    client_id, secret = credentials_sent(call)
    if not CODE_SHAPE.fullmatch(code):
        raise Refusal(9002313)
    app = find_app(call, client_id, directory)
    cross_origin = "Origin" in call.request.headers
    platform = app.platform_of(redirect_uri) or app.platform
    if platform == "public":
        check_public_client(call, app, secret)
    elif not (platform == "spa" and cross_origin):
        check_client(call, app, secret)
    grant = call.state.grant_of(code)
    if grant is None or grant.app is not app or grant.version != call.version:
        raise Refusal(70000)
    _check_code(call, grant, redirect_uri, directory)
    if platform == "spa" and not cross_origin:
        raise Refusal(9002327)
    if platform != "spa" and cross_origin:
        raise Refusal(9002326)
    _use_up(call, grant)
    if call.version == "v1.0":
        return answer_v1(call, grant)
    return answer_v2(call, grant)


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
    """PKCE. A wrong verifier does not invalidate the code (AADSTS501481)."""
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


def _client_credentials(call: Call, directory: Directory | None) -> dict[str, Any]:
    client_id, secret = credentials_sent(call)
    parameter = "resource" if call.version == "v1.0" else "scope"
    asked = required(call, parameter)
    if directory is None:
        raise Refusal(50059)
    app = find_app(call, client_id, directory)
    check_client(call, app, secret)
    if parameter == "scope" and not asked.endswith("/.default"):
        raise Refusal(1002012, scope=asked)
    resource = asked.removesuffix("/.default")
    if not call.knows_resource(resource):
        raise Refusal(500011, resource=resource, tenant=directory.name)
    if not app.is_present_in(directory):
        raise Refusal(7000229, client_id=app.client_id, tenant=directory.tenant_id)
    return answer_app(call, app, directory, asked if call.version == "v1.0" else resource)
