"""The responses of the token endpoint, for v1 and v2."""

from __future__ import annotations

import random
import secrets
from typing import Any

from ..directory.apps import App
from ..directory.directories import Directory
from ..server.call import Call
from ..server.state import Grant
from . import permissions, tokens
from .access import AccessToken
from .api_tokens import ApiToken, api_token

# Access tokens are valid for a random time of 60 to 90 minutes.
ACCESS_TOKEN_LIFETIMES = range(3599, 5399)


def answer_v2(call: Call, grant: Grant) -> dict[str, Any]:
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    granted = grant.app.granted_delegated(grant.directory, grant.person)
    document: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": grant.scopes.answer(granted),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": _persons_token(
            call, grant, granted, lifetime, is_for_graph=not grant.scopes.api
        ),
    }
    if "offline_access" in grant.scopes.oidc:
        document["refresh_token"] = _refresh_token()
    if "openid" in grant.scopes.oidc:
        document["id_token"] = mint_id_token(call, grant, signed=True)
    if call.request.form.get("client_info") == "1":
        document["client_info"] = tokens.client_info(grant.person)
    return document


def answer_v1(call: Call, grant: Grant) -> dict[str, Any]:
    """v1 writes its numbers as strings, and signs the ID token only for `scope=openid`."""
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    signed = "openid" in [*grant.scopes.oidc, *call.request.form.get("scope", "").split()]
    granted = grant.app.granted_delegated(grant.directory, grant.person)
    resource = call.request.form.get("resource") or grant.resource or permissions.AZURE_AD_GRAPH
    is_for_graph = permissions.is_graph(resource, call.graph_urls)
    return {
        "token_type": "Bearer",
        "scope": " ".join([*(["openid"] if signed else []), *sorted(granted)]),
        **_v1_times(call, lifetime),
        "resource": resource,
        "access_token": _persons_token(call, grant, granted, lifetime, is_for_graph=is_for_graph),
        "refresh_token": _refresh_token(),
        "id_token": mint_id_token(call, grant, signed=signed),
    }


def answer_app(call: Call, app: App, directory: Directory, resource: str) -> dict[str, Any]:
    """The app's own token: no refresh token, no ID token, no `scope`."""
    lifetime = random.choice(ACCESS_TOKEN_LIFETIMES)
    granted = frozenset(app.granted_application(directory))
    token = call.state.issue_access_token(
        AccessToken(
            directory=directory,
            app=app,
            person=None,
            permissions=granted,
            is_for_graph=permissions.is_graph(resource, call.graph_urls),
            expires_at=call.now + lifetime,
        ),
        _api_token_text(call, ApiToken(directory, api, app))
        if (api := call.api_of(resource))
        else _app_token_text(call, app, directory, resource, granted),
    )
    if call.version == "v1.0":
        times: dict[str, Any] = {**_v1_times(call, lifetime), "resource": resource}
    else:
        times = {"expires_in": lifetime, "ext_expires_in": lifetime}
    return {"token_type": "Bearer", **times, "access_token": token}


def mint_id_token(call: Call, grant: Grant, *, signed: bool) -> str:
    """The ID token of a grant, after the changes that a test has requested."""
    claims = tokens.id_token_claims(
        url=call.url,
        directory=grant.directory,
        app=grant.app,
        person=grant.person,
        version=grant.version,
        scopes=grant.scopes.oidc,
        nonce=grant.nonce,
        now=call.now,
        session_id=grant.session_id,
        authenticated_at=grant.authenticated_at,
        asks_auth_time=grant.asks_auth_time,
        contexts=grant.contexts,
    )
    with call.state.lock:
        key = call.state.keys.signing_for(grant.directory.tenant_id, grant.app.client_id)
        changes = call.state.id_token_changes.take()
    header = tokens.id_token_header(key, grant.version) if signed else tokens.unsigned_header()
    for change in changes:
        changed = change(header, claims)
        if isinstance(changed, str):
            return changed
        if changed is not None:
            header, claims = changed
    return tokens.encode(header, claims, key)


def _persons_token(
    call: Call, grant: Grant, granted: set[str], lifetime: int, *, is_for_graph: bool
) -> str:
    return call.state.issue_access_token(
        AccessToken(
            directory=grant.directory,
            app=grant.app,
            person=grant.person,
            permissions=frozenset(granted),
            is_for_graph=is_for_graph,
            expires_at=call.now + lifetime,
        ),
        _persons_api_token(call, grant) if grant.scopes.api else "",
    )


def _persons_api_token(call: Call, grant: Grant) -> str:
    api = call.api_of(grant.scopes.prefix.removesuffix("/"))
    assert api is not None  # checked when the code was issued
    wanted = ApiToken(grant.directory, api, grant.app, grant.person, grant.scopes.api)
    return _api_token_text(call, wanted)


def _api_token_text(call: Call, wanted: ApiToken) -> str:
    with call.state.lock:
        key = call.state.keys.signing_for(wanted.directory.tenant_id, wanted.api.client_id)
    return api_token(wanted, url=call.url, now=call.now, key=key)


def _app_token_text(
    call: Call, app: App, directory: Directory, resource: str, granted: frozenset[str]
) -> str:
    """Graph's tokens happen to be JWTs, whose `roles` are the app's permissions. Nobody else can
    verify them: Graph's have a `nonce` in the header, which this signature leaves out."""
    with call.state.lock:
        key = call.state.keys.current
    claims = {
        "aud": resource,
        "appid": app.client_id,
        "iss": f"https://sts.windows.net/{directory.tenant_id}/",
        "iat": int(call.now),
        "idtyp": "app",
        "roles": sorted(granted),
        "tid": directory.tenant_id,
        "uti": secrets.token_urlsafe(16),
    }
    if not granted:
        del claims["roles"]
    return tokens.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)


def _v1_times(call: Call, lifetime: int) -> dict[str, Any]:
    return {
        "expires_in": str(lifetime),
        "ext_expires_in": str(lifetime),
        "expires_on": str(int(call.now) + lifetime),
        "not_before": str(int(call.now) - tokens.BACKDATED),
    }


def _refresh_token() -> str:
    return f"1.A{secrets.token_urlsafe(900)}"
