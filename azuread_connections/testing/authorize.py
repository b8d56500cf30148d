"""The authorize endpoint and the account picker behind it (facts, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode

from . import pages, tokens
from .apps import App
from .call import Call
from .directory import Directory, Person
from .errors import Refusal, callback_error
from .permissions import OIDC_SCOPES, Scopes, parse_scopes
from .state import BrowserSession, Grant
from .wire import Response

COOKIE = "azuread_standin"
CHALLENGE_LENGTHS = range(43, 129)
RESPONSE_MODES = ("query", "fragment", "form_post")

# The picker's own fields; everything else in its form is the client's request.
PICKER_FIELDS = frozenset({"person", "cancel"})


@dataclass(frozen=True)
class Ask:
    """A request to sign in whose app and redirect URI have been found good."""

    params: dict[str, str]
    directory: Directory | None
    app: App
    redirect_uri: str

    @property
    def response_mode(self) -> str:
        return self.params.get("response_mode") or "query"


def authorize(call: Call) -> Response:
    """Show the account picker, or refuse: on a page, or on the callback if that is safe."""
    params = call.request.query
    try:
        ask = _identify(call, params)
    except Refusal as refusal:
        return _page(call, refusal)
    try:
        _raise_ordered_fault(call)
        _check(call, ask)
        return _remembered_sign_in(call, ask) or _picker(call, ask)
    except Refusal as refusal:
        return _refuse(call, ask, refusal)


def sign_in(call: Call) -> Response:
    """Take the person's choice on the picker, and go back to the app."""
    params = {k: v for k, v in call.request.form.items() if k not in PICKER_FIELDS}
    try:
        ask = _identify(call, params)
    except Refusal as refusal:
        return _page(call, refusal)
    try:
        _raise_ordered_fault(call)
        _check(call, ask)
        if "cancel" in call.request.form:
            declined = callback_error(Refusal(65004), call.incident, url=call.url)
            return _answer(ask, {**declined, "error_subcode": "cancel"})
        person = _chosen_person(call, ask)
    except Refusal as refusal:
        return _refuse(call, ask, refusal)
    return _back_with_code(call, ask, person, _remember(call, person))


def _identify(call: Call, params: dict[str, str]) -> Ask:
    """Find directory, app and redirect URI. Until they are known nothing may redirect."""
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
    if not app.redirect_uris:
        raise Refusal(500113)
    if not redirect_uri:
        raise Refusal(900971)
    if not app.allows_redirect(redirect_uri):
        raise Refusal(50011, redirect_uri=redirect_uri, client_id=app.client_id)
    return Ask(params, directory, app, redirect_uri)


def _check(call: Call, ask: Ask) -> None:
    params, app = ask.params, ask.app
    if ask.directory is None and not app.multi_tenant:
        raise Refusal(50194, client_id=app.client_id, app_name=app.name)
    if ask.response_mode not in RESPONSE_MODES:
        raise Refusal(70007, response_mode=ask.response_mode)
    _check_response_type(params.get("response_type"))
    if call.version == "v2.0":
        if "resource" in params:
            raise Refusal(901002)
        if not params.get("scope", "").strip():
            raise Refusal(900144, parameter="scope")
    challenge = params.get("code_challenge")
    if challenge is not None and len(challenge) not in CHALLENGE_LENGTHS:
        raise Refusal(50147)
    if params.get("code_challenge_method", "plain") not in ("plain", "S256"):
        raise Refusal(90023)
    if app.platform == "spa" and challenge is None:
        raise Refusal(9002325)


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


def _raise_ordered_fault(call: Call) -> None:
    if call.fault and call.fault.refusal:
        raise call.fault.refusal


def _remembered_sign_in(call: Call, ask: Ask) -> Response | None:
    """Single sign-on: straight back for the one person whom this browser is known to be."""
    prompts = ask.params.get("prompt", "").split()
    session = _browser_session(call)
    people = [
        person
        for person in (session.people if session else [])
        if person in _people(call, ask.directory) and person.enabled
    ]
    hint = ask.params.get("login_hint")
    if hint:
        people = [person for person in people if person.is_called(hint)]
    if session and len(people) == 1 and not {"login", "select_account"} & set(prompts):
        return _back_with_code(call, ask, people[0], session)
    if "none" in prompts:
        raise Refusal(50058)
    return None


def _picker(call: Call, ask: Ask) -> Response:
    return pages.account_picker(
        action=f"{call.request.path}/pick",
        search_action=call.request.path,
        params=ask.params,
        people=_people(call, ask.directory),
        app=ask.app,
        directory=ask.directory,
    )


def _chosen_person(call: Call, ask: Ask) -> Person:
    chosen = call.request.form.get("person", "")
    people = _people(call, ask.directory)
    person = next((person for person in people if person.is_called(chosen)), None)
    if person is None:
        raise Refusal(50034, tenant=ask.directory.name if ask.directory else "home")
    if not person.enabled:
        raise Refusal(50057)
    return person


def _people(call: Call, directory: Directory | None) -> list[Person]:
    """On the global endpoints everybody signs in at home, so there guests are not offered."""
    if directory:
        return directory.people
    return [
        person
        for known in call.state.registry.directories
        for person in known.people
        if not person.guest
    ]


def _back_with_code(call: Call, ask: Ask, person: Person, session: BrowserSession) -> Response:
    params = ask.params
    grant = Grant(
        version=call.version,
        directory=person.directory,
        app=ask.app,
        person=person,
        redirect_uri=ask.redirect_uri,
        scopes=_scopes(call, ask),
        resource=params.get("resource"),
        nonce=params.get("nonce"),
        challenge=params.get("code_challenge"),
        challenge_method=params.get("code_challenge_method", "plain"),
        issued_at=call.now,
        session_id=session.session_id,
    )
    answer = {"code": call.state.issue_code(grant), "session_state": session.session_id}
    if params.get("client_info") == "1":
        answer["client_info"] = tokens.client_info(person)
    response = _answer(ask, answer)
    if call.state.single_sign_on:
        response.headers["Set-Cookie"] = (
            f"{COOKIE}={session.cookie}; Path=/; HttpOnly; SameSite=Lax"
        )
    return response


def _scopes(call: Call, ask: Ask) -> Scopes:
    """What is asked. v1 takes no notice of scopes but OpenID's: it asks for the static ones."""
    text = ask.params.get("scope", "")
    if call.version == "v1.0":
        oidc = tuple(name for name in text.split() if name in OIDC_SCOPES)
        return Scopes(oidc=oidc, graph=(), default=True)
    return parse_scopes(text, call.graph_urls, app_name=ask.app.name)


def _browser_session(call: Call) -> BrowserSession | None:
    if not call.state.single_sign_on:
        return None
    try:
        cookie = SimpleCookie(call.request.headers.get("Cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return call.state.sessions.get(cookie.value) if cookie else None


def _remember(call: Call, person: Person) -> BrowserSession:
    """The browser's session with this person in it; forgotten at once without single sign-on."""
    session = _browser_session(call) or BrowserSession()
    if call.state.single_sign_on:
        with call.state.lock:
            call.state.sessions[session.cookie] = session
            if person not in session.people:
                session.people.append(person)
    return session


def _refuse(call: Call, ask: Ask, refusal: Refusal) -> Response:
    """Codes that Microsoft tells the app go to the callback, the rest stay on a page."""
    told_to_app = refusal.entry.redirects or (call.fault is not None and call.fault.error)
    if not told_to_app:
        return _page(call, refusal)
    error = call.fault.error if call.fault else None
    return _answer(ask, callback_error(refusal, call.incident, url=call.url, error=error))


def _page(call: Call, refusal: Refusal) -> Response:
    return pages.error_page(
        code=refusal.code, description=call.incident.describe(refusal), incident=call.incident
    )


def _answer(ask: Ask, answer: dict[str, str]) -> Response:
    """Send the browser to the redirect URI in the way the app asked for."""
    if "state" in ask.params:
        answer["state"] = ask.params["state"]
    if ask.response_mode == "form_post":
        return pages.form_post(ask.redirect_uri, answer)
    separator = "&" if "?" in ask.redirect_uri else "?"
    if ask.response_mode == "fragment":
        separator = "#"
    location = f"{ask.redirect_uri}{separator}{urlencode(answer)}"
    return Response(302, headers={"Location": location, "Cache-Control": "no-store, no-cache"})
