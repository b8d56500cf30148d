"""A browser's request on behalf of an app, and the response to the app."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ..directory.apps import App
from ..directory.directories import Directory, Person
from ..server import pages
from ..server.call import Call
from ..server.wire import Response
from .api_tokens import api_of_scopes
from .errors import Refusal, callback_error
from .permissions import OIDC_SCOPES, Scopes, parse_scopes

CHALLENGE_LENGTHS = range(43, 129)
RESPONSE_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class Ask:
    """A request whose app and redirect URI are valid."""

    params: dict[str, str]
    directory: Directory | None
    app: App
    redirect_uri: str

    @property
    def response_mode(self) -> str:
        return self.params.get("response_mode") or "query"

    @property
    def prompts(self) -> list[str]:
        return self.params.get("prompt", "").split()


def identify(call: Call, params: dict[str, str]) -> Ask:
    """Find directory, app and redirect URI. Until they are known there must be no redirect."""
    directory = call.directory()
    client_id = params.get("client_id")
    if not client_id:
        raise Refusal(900144, parameter="client_id")
    app = call.state.registry.find_app(client_id)
    if app is None or (directory and not app.is_usable_in(directory)):
        raise Refusal(
            700016,
            client_id=client_id,
            tenant=directory.name if directory else call.request.tenant,
        )
    redirect_uri = params.get("redirect_uri")
    if not app.has_redirect_uris():
        raise Refusal(500113)
    if not redirect_uri:
        raise Refusal(900971)
    if not app.allows_redirect(redirect_uri):
        raise Refusal(50011, redirect_uri=redirect_uri, client_id=app.client_id)
    return Ask(params, directory, app, redirect_uri)


def check(call: Call, ask: Ask) -> None:
    """Check a request to sign in; errors are returned to the app where Microsoft does so."""
    params, app = ask.params, ask.app
    check_audience(call, ask)
    if ask.response_mode not in RESPONSE_MODES:
        raise Refusal(70007, response_mode=ask.response_mode)
    _check_response_type(params.get("response_type"))
    if call.version == "v2.0":
        if "resource" in params:
            raise Refusal(901002)
        if not params.get("scope", "").strip():
            raise Refusal(900144, parameter="scope")
    elif "resource" in params and not call.knows_resource(params["resource"]):
        raise Refusal(500011, resource=params["resource"], tenant=call.request.tenant)
    scopes_of(call, ask)
    challenge = params.get("code_challenge")
    if challenge is not None and len(challenge) not in CHALLENGE_LENGTHS:
        raise Refusal(50147)
    if params.get("code_challenge_method", "plain") not in ("plain", "S256"):
        raise Refusal(90023)
    if app.platform_of(ask.redirect_uri) == "spa" and challenge is None:
        raise Refusal(9002325)


def check_audience(call: Call, ask: Ask) -> None:
    """Whether the app's account types fit the endpoint."""
    app = ask.app
    if ask.directory is None and not app.multi_tenant:
        raise Refusal(50194, client_id=app.client_id, app_name=app.name)
    if ask.directory is call.state.registry.personal and not app.personal_accounts:
        raise Refusal(9002332, client_id=app.client_id, app_name=app.name)


def check_assignment(ask: Ask, person: Person) -> None:
    """Whether the directory lets this person use the app (*Assignment required?*)."""
    app = ask.app
    if not app.admits(person):
        raise Refusal(50105, app_name=app.name, client_id=app.client_id, user=person.sign_in_name)


def scopes_of(call: Call, ask: Ask) -> Scopes:
    """The requested scopes. v1 ignores scopes except OpenID's, and requests the static ones."""
    text = ask.params.get("scope", "")
    if call.version == "v1.0":
        oidc = tuple(name for name in text.split() if name in OIDC_SCOPES)
        return Scopes(oidc=oidc, graph=(), default=True)
    return _scopes_of_api(call, ask, text) or parse_scopes(
        text, call.graph_urls, app_name=ask.app.name
    )


def _scopes_of_api(call: Call, ask: Ask, text: str) -> Scopes | None:
    """The scopes of an app's own API, if the request names one. They need no consent here, as for a
    client that the API has pre-authorized."""
    resource, names = api_of_scopes(text.split())
    api = call.api_of(resource) if resource else None
    if api is None:
        return None
    for name in names:
        if name not in (".default", *api.api_scopes):
            raise Refusal(650053, app_name=ask.app.name, scope=name, resource=api.client_id)
    wanted = tuple(api.api_scopes) if ".default" in names else names
    oidc = tuple(scope for scope in text.split() if scope in OIDC_SCOPES)
    return Scopes(oidc=oidc, graph=(), prefix=f"{resource}/", api=wanted)


def raise_ordered_fault(call: Call) -> None:
    if call.fault and call.fault.refusal:
        raise call.fault.refusal


def refuse(call: Call, ask: Ask, refusal: Refusal, **further: str) -> Response:
    """Codes that Microsoft returns to the app go to the callback, others are shown on a page."""
    ordered = call.fault.error if call.fault else None
    if not (refusal.entry.redirects or refusal.error or ordered):
        return refusal_page(call, refusal)
    error = ordered or refusal.error
    if call.fault and call.fault.subcode:
        further["error_subcode"] = call.fault.subcode
    return answer(
        ask, {**callback_error(refusal, call.incident, url=call.url, error=error), **further}
    )


def refusal_page(call: Call, refusal: Refusal) -> Response:
    return pages.error_page(
        code=refusal.code, description=call.incident.describe(refusal), incident=call.incident
    )


def answer(ask: Ask, values: dict[str, str]) -> Response:
    """Send the browser to the redirect URI in the way the app asked for."""
    if "state" in ask.params:
        values["state"] = ask.params["state"]
    if ask.response_mode == "form_post":
        return pages.form_post(ask.redirect_uri, values)
    separator = "&" if "?" in ask.redirect_uri else "?"
    if ask.response_mode == "fragment":
        separator = "#"
    location = f"{ask.redirect_uri}{separator}{urlencode(values)}"
    return Response(302, headers={"Location": location, "Cache-Control": "no-store, no-cache"})


def _check_response_type(response_type: str | None) -> None:
    if not response_type:
        raise Refusal(900144, parameter="response_type")
    parts = set(response_type.split())
    if parts == {"code"}:
        return
    if "token" in parts:
        raise Refusal(700051)
    if "id_token" in parts:
        raise Refusal(700054)
    raise Refusal(70005, response_type=response_type)
