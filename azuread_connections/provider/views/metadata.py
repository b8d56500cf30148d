"""What clients read about this server: its endpoints, and its keys."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.generic import View

from ...conf import conf
from .. import cors, keys, scopes
from ..claims import CLAIM_SCOPES
from ..issuer import endpoint, issuer
from ..models.client import SUPPORTED_GRANT_TYPES
from ..response_modes import RESPONSE_MODES

_CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post"]
#: Seconds for which clients may keep it. A new key is published a day before it signs.
_MAX_AGE = 3_600


@method_decorator(login_not_required, name="dispatch")
class MetadataView(View):
    """OpenID Connect Discovery 1.0, and RFC 8414: the same document under both addresses."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse(metadata(request))
        # The same for everybody, and nothing of anybody's.
        response["Access-Control-Allow-Origin"] = "*"
        return _cached(response)


@method_decorator(login_not_required, name="dispatch")
class KeysView(View):
    """The JSON Web Key Set (RFC 7517)."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        response = JsonResponse({"keys": [key.jwk for key in keys.published_keys()]})
        cors.allow_any_client(request, response)
        return _cached(response)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return cors.preflight(request, "GET, HEAD, OPTIONS")


def metadata(request: HttpRequest) -> dict[str, Any]:
    """Return what is true of this server. Nothing is named here that does not work."""
    return {
        "issuer": issuer(request),
        "authorization_endpoint": endpoint(request, "authorize"),
        "token_endpoint": endpoint(request, "token"),
        "device_authorization_endpoint": endpoint(request, "device_code"),
        "userinfo_endpoint": endpoint(request, "userinfo"),
        "jwks_uri": endpoint(request, "jwks"),
        "revocation_endpoint": endpoint(request, "revoke"),
        "introspection_endpoint": endpoint(request, "introspect"),
        "end_session_endpoint": endpoint(request, "oidc_logout"),
        "scopes_supported": list(scopes.DESCRIPTIONS),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": sorted(grant.value for grant in SUPPORTED_GRANT_TYPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys.ALGORITHM],
        "token_endpoint_auth_methods_supported": [*_CLIENT_AUTHENTICATION, "none"],
        "revocation_endpoint_auth_methods_supported": [*_CLIENT_AUTHENTICATION, "none"],
        "introspection_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "amr", "nonce", "at_hash"),
            *("sid", "jti"),
            *CLAIM_SCOPES,
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        # Logout tokens name the issuer without a request: see ``endings``.
        "backchannel_logout_supported": bool(conf.public_url),
        "backchannel_logout_session_supported": bool(conf.public_url),
    }


def _cached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={_MAX_AGE}"
    return response
