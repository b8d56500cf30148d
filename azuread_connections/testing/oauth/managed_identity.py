"""The local addresses from which a program gets its managed identity's token.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

import jwt

from ..directory.credentials import ManagedIdentity
from ..server.call import Call
from ..server.wire import Response, json_response
from .assertions import EXCHANGE_APP
from .tokens import issuer

_LIFETIME = 24 * 3600


def of_machine(call: Call) -> Response:
    """IMDS, the instance metadata service of virtual machines."""
    if call.request.headers.get("Metadata") != "true":
        return _error("invalid_request", "Required metadata header not specified")
    return _answer(call)


def of_app_service(call: Call) -> Response:
    """App Service, Functions and Container Apps."""
    if call.request.headers.get("X-IDENTITY-HEADER") != call.state.identity_header:
        return _error("unauthorized_client", "The identity header is wrong", status=401)
    return _answer(call)


def _answer(call: Call) -> Response:
    asked = call.request.query.get("client_id")
    resource = call.request.query.get("resource", "")
    for identity in call.state.managed_identities:
        if identity.client_id == asked:
            return json_response(_document(call, identity, resource))
    return _error("invalid_request", "Identity not found")


def _document(call: Call, identity: ManagedIdentity, resource: str) -> dict[str, str]:
    now = int(call.now)
    exchanges = resource.startswith("api://AzureADTokenExchange")
    claims = {
        "aud": EXCHANGE_APP if exchanges else resource,
        "iss": issuer(call.state.url, identity.directory.tenant_id, "v2.0"),
        "iat": now,
        "nbf": now,
        "exp": now + _LIFETIME,
        "oid": identity.principal_id,
        "sub": identity.principal_id,
        "tid": identity.directory.tenant_id,
    }
    with call.state.lock:
        key = call.state.keys.current
    return {
        "access_token": jwt.encode(claims, key.private_key, "RS256", {"kid": key.kid}),
        "client_id": identity.client_id or "",
        "expires_in": str(_LIFETIME),
        "expires_on": str(now + _LIFETIME),
        "not_before": str(now),
        "resource": resource,
        "token_type": "Bearer",
    }


def _error(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status=status)
