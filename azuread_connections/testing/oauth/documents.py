"""The discovery documents and the key documents."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from ..clouds import CLOUDS, Whereabouts
from ..server.call import Call
from ..server.wire import Response, json_response
from .errors import Refusal, error_response
from .keys import PERSONAL_ACCOUNTS
from .tokens import issuer

CLAIMS = (
    "sub",
    "iss",
    "cloud_instance_name",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "msgraph_host",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "nonce",
)
V1_CLAIMS = (
    *CLAIMS,
    "amr",
    "upn",
    "unique_name",
    "given_name",
    "family_name",
    "name",
    "tid",
    "ver",
)
V2_CLAIMS = (*CLAIMS, "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email")


def discovery(call: Call) -> Response:
    """The document of one directory, resolved to its GUID, or of a global endpoint."""
    segment = call.request.tenant.lower()
    try:
        directory = call.directory()
    except Refusal as refusal:
        return error_response(refusal, call.incident, url=call.url, error="invalid_tenant")
    build = _v1_document if call.version == "v1.0" else _v2_document
    here = CLOUDS[call.state.cloud]
    cloud = CLOUDS[directory.cloud] if directory else here
    tenant_id = directory.tenant_id if directory else "{tenantid}"
    # Only v2.0 names the addresses of the directory's own cloud.
    is_here = cloud.login == here.login or call.version == "v1.0"
    url = call.url if is_here else cloud.login_url(tenant_id)
    document = build(
        url=url,
        segment=directory.tenant_id if directory else segment,
        # Common and organizations return the template, braces included.
        issuer=issuer(url, tenant_id, call.version),
    )
    document |= _whereabouts(
        urlsplit(url).netloc if cloud.login == here.login else cloud.graph_host,
        document["token_endpoint"].partition("/oauth2/")[0],
        cloud,
        has_region=directory is not None and not directory.is_personal,
    )
    if app_id := call.request.query.get("appid"):
        # An app with its own signing key has its own key document.
        document["jwks_uri"] += f"?appid={quote(app_id)}"
    return _cacheable(document, call)


def keys(call: Call) -> Response:
    """Every published key; only the v2 document says for which issuer a key signs.

    With `?appid=` of an app that has its own key, only that key is returned.
    """
    try:
        directory = call.directory()
    except Refusal as refusal:
        return error_response(refusal, call.incident, url=call.url, error="invalid_tenant")
    with call.state.lock:
        own = call.state.keys.of_app(call.request.query.get("appid", "").lower())
        published = [key.jwk() for key in ([own] if own else call.state.keys.published)]
    if call.version == "v2.0":
        for key in published:
            key["cloud_instance_name"] = CLOUDS[call.state.cloud].instance
            key["issuer"] = issuer(call.url, "{tenantid}", "v2.0")
        if own is None and (directory is None or directory.is_personal):
            published.insert(1, _personal_key(call))
    return _cacheable({"keys": published}, call)


def _personal_key(call: Call) -> dict[str, Any]:
    """The key for personal accounts: its issuer is exactly one, no template."""
    return call.state.keys.personal.jwk() | {
        "cloud_instance_name": CLOUDS[call.state.cloud].instance,
        "issuer": issuer(call.url, PERSONAL_ACCOUNTS, "v2.0"),
    }


def _v2_document(*, url: str, segment: str, issuer: str) -> dict[str, Any]:
    base = f"{url}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": _auth_methods(),
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{url}/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": V2_CLAIMS,
    }


def _v1_document(*, url: str, segment: str, issuer: str) -> dict[str, Any]:
    base = f"{url}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": _auth_methods(),
        "jwks_uri": f"{url}/common/discovery/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": [
            "code",
            "id_token",
            "code id_token",
            "token id_token",
            "token",
        ],
        "scopes_supported": ["openid"],
        "issuer": issuer,
        "microsoft_multi_refresh_token": True,
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/logout",
        "claims_supported": V1_CLAIMS,
        "check_session_iframe": f"{base}/oauth2/checksession",
        "userinfo_endpoint": f"{base}/openid/userinfo",
    }


def _auth_methods() -> list[str]:
    return ["client_secret_post", "private_key_jwt", "client_secret_basic"]


def _whereabouts(
    graph_host: str, base: str, cloud: Whereabouts, *, has_region: bool
) -> dict[str, Any]:
    members = {
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": cloud.region if has_region else None,
        "tenant_region_sub_scope": cloud.sub_scope,
        "cloud_instance_name": cloud.instance,
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": graph_host,
        "rbac_url": "https://pas.windows.net",
    }
    if not cloud.sub_scope:
        del members["tenant_region_sub_scope"]
    return members


def _cacheable(document: dict[str, Any], call: Call) -> Response:
    return json_response(
        document,
        headers={
            "Cache-Control": "max-age=86400, private",
            "Access-Control-Allow-Origin": "*",
            "x-ms-request-id": call.incident.trace_id,
        },
    )
