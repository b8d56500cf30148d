"""From a path to an endpoint, with the faults that were requested for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from requests.structures import CaseInsensitiveDict

from ..dns.page import dns_page
from ..graph import GRAPH_ROUTES, fault_answer
from ..graph.service import guarded
from ..oauth.admin_consent import admin_consent, decide
from ..oauth.authorize import authorize, consent, sign_in
from ..oauth.documents import discovery, keys
from ..oauth.errors import open_incident
from ..oauth.logout import logout
from ..oauth.managed_identity import of_app_service, of_machine
from ..oauth.token_endpoint import token
from ..oauth.tokens import Version
from ..oauth.userinfo import userinfo
from ..portal.routes import portal
from .call import Call
from .control import control, error_lookup, front
from .faults import Fault
from .state import State
from .wire import RecordedRequest, Response, text_response


@dataclass(frozen=True)
class Route:
    pattern: re.Pattern[str]
    endpoint: str
    methods: tuple[str, ...]
    handler: Callable[[Call], Response]
    version: Version = "v2.0"


def _route(
    path: str,
    endpoint: str,
    methods: str | tuple[str, ...],
    handler: Callable[[Call], Response],
    version: Version = "v2.0",
) -> Route:
    pattern = re.escape(path).replace("TENANT", "(?P<tenant>[^/]+)")
    allowed = (methods,) if isinstance(methods, str) else methods
    return Route(re.compile(pattern), endpoint, allowed, handler, version)


# v1 and v2 order their path segments differently.
ROUTES = (
    _route("/TENANT/v2.0/.well-known/openid-configuration", "discovery", "GET", discovery),
    _route("/TENANT/.well-known/openid-configuration", "discovery", "GET", discovery, "v1.0"),
    _route("/TENANT/discovery/v2.0/keys", "keys", "GET", keys),
    _route("/TENANT/discovery/keys", "keys", "GET", keys, "v1.0"),
    _route("/TENANT/oauth2/v2.0/authorize", "authorize", "GET", authorize),
    _route("/TENANT/oauth2/authorize", "authorize", "GET", authorize, "v1.0"),
    _route("/TENANT/oauth2/v2.0/authorize/pick", "sign_in", "POST", sign_in),
    _route("/TENANT/oauth2/authorize/pick", "sign_in", "POST", sign_in, "v1.0"),
    _route("/TENANT/oauth2/v2.0/authorize/consent", "consent", "POST", consent),
    _route("/TENANT/oauth2/authorize/consent", "consent", "POST", consent, "v1.0"),
    _route("/TENANT/oauth2/v2.0/token", "token", "POST", token),
    _route("/TENANT/oauth2/token", "token", "POST", token, "v1.0"),
    _route("/TENANT/v2.0/adminconsent", "admin_consent", "GET", admin_consent),
    _route("/TENANT/adminconsent", "admin_consent", "GET", admin_consent, "v1.0"),
    _route("/TENANT/v2.0/adminconsent/decide", "admin_consent", "POST", decide),
    _route("/TENANT/adminconsent/decide", "admin_consent", "POST", decide, "v1.0"),
    _route("/TENANT/oauth2/v2.0/logout", "logout", ("GET", "POST"), logout),
    _route("/TENANT/oauth2/logout", "logout", ("GET", "POST"), logout, "v1.0"),
    _route("/metadata/identity/oauth2/token", "managed_identity", "GET", of_machine),
    _route("/msi/token", "managed_identity", "GET", of_app_service),
    _route("/oidc/userinfo", "userinfo", ("GET", "POST"), guarded(userinfo)),
    _route("/", "control", "GET", front),
    _route("/error", "error", "GET", error_lookup),
    _route("/_standin/dns", "control", ("GET", "POST"), dns_page),
    Route(re.compile(r"/_standin/portal/(?P<rest>.*)"), "portal", ("GET", "POST"), portal),
    Route(re.compile(r"/_standin/(?P<action>[a-z]*)"), "control", ("GET", "POST"), control),
    *(Route(*route) for route in GRAPH_ROUTES),
)

# Pages for browsers: these decide themselves whether an error can go to the callback.
PAGES = frozenset({"authorize", "sign_in", "consent", "admin_consent"})
GRAPH_ENDPOINTS = frozenset(
    {
        *("userinfo", "me", "groups", "users", "applications", "graph"),
        *("add_password", "remove_password", "add_key", "remove_key"),
    }
)


def answer(
    state: State,
    *,
    method: str,
    path: str,
    query: dict[str, str],
    form: dict[str, str],
    headers: CaseInsensitiveDict[str],
    body: bytes = b"",
) -> Response:
    """Record the request and answer it, or apply a requested fault."""
    route, parts = _match(path)
    request = RecordedRequest(
        method=method,
        path=path,
        endpoint=route.endpoint if route else "unknown",
        tenant=unquote(parts.get("tenant", "")),
        query=query,
        form=form,
        headers=headers,
        body=body,
    )
    state.record(request)
    if route is None:
        return text_response("Not found", status=404)
    if method not in route.methods:
        response = text_response("Method not allowed", status=405)
        response.headers["Allow"] = ", ".join(route.methods)
        return response
    call = Call(
        state=state,
        request=request,
        version=route.version,
        incident=open_incident(request, state.clock()),
        fault=state.faults.take(route.endpoint),
        parts=parts,
    )
    if call.fault is None:
        return route.handler(call)
    return _misbehave(call, call.fault, route)


def _match(path: str) -> tuple[Route | None, dict[str, str]]:
    for route in ROUTES:
        if match := route.pattern.fullmatch(path):
            found = match.groupdict()
            return route, {name: text for name, text in found.items() if text is not None}
    return None, {}


def _misbehave(call: Call, fault: Fault, route: Route) -> Response:
    call.state.stopping.wait(fault.delay)
    is_graph = route.endpoint in GRAPH_ENDPOINTS
    response = None
    if is_graph and not fault.has_own_answer:
        response = fault_answer(call, fault)
    if response is None:
        response = fault.raw_answer()
    if response is None and not is_graph and route.endpoint not in PAGES:
        response = fault.error_answer(call.incident, call.url)
    if response is None:
        response = route.handler(call)
    return replace(response, headers=response.headers | fault.headers, drip=fault.drip)
