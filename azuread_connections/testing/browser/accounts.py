"""Which accounts each endpoint offers, and which account a browser is signed in to."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from ..directory.apps import App
from ..directory.directories import Directory, Person
from ..oauth.errors import Refusal
from ..server.call import Call
from ..server.state import BrowserSession
from ..server.wire import Response

COOKIE = "azuread_standin"


def people_for(call: Call, app: App, directory: Directory | None) -> list[Person]:
    """The people whom the endpoint accepts.

    On the global endpoints everybody signs in at home, so there guests are not offered, and
    personal accounts only on common, to apps that want them.
    """
    registry = call.state.registry
    if directory:
        return directory.people
    people = [person for known in registry.directories for person in known.people]
    if app.personal_accounts and call.version == "v2.0" and call.request.tenant.lower() == "common":
        people += registry.personal.people
    return [person for person in people if not person.guest]


def narrow(people: list[Person], params: Mapping[str, str]) -> list[Person]:
    """The people who match `login_hint` and `domain_hint`; everybody if nobody matches."""
    domain = params.get("domain_hint", "").strip().lower()
    hint = params.get("login_hint", "").strip().lower()
    if domain:
        people = [person for person in people if _is_of(person, domain)] or people
    if hint:
        exact = [person for person in people if person.is_called(hint)]
        domain = hint.rpartition("@")[2]
        people = exact or [person for person in people if _is_of(person, domain)] or people
    return people


def choose(call: Call, app: App, directory: Directory | None, text: str) -> Person:
    """The account that was picked or typed. Raises Refusal if it cannot sign in here."""
    people = people_for(call, app, directory)
    person = next((person for person in people if person.is_called(text)), None)
    person = person or _elsewhere(call, app, directory, text)
    if not person.enabled:
        raise Refusal(50057)
    return person


def browser_session(call: Call) -> BrowserSession | None:
    if not call.state.single_sign_on:
        return None
    try:
        cookie = SimpleCookie(call.request.headers.get("Cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return call.state.sessions.get(cookie.value) if cookie else None


def remember(call: Call, person: Person) -> BrowserSession:
    """The browser's session with this person in it; forgotten at once without single sign-on."""
    session = browser_session(call) or BrowserSession()
    if call.state.single_sign_on:
        with call.state.lock:
            call.state.sessions[session.cookie] = session
            if person not in session.people:
                session.people.append(person)
    return session


def with_cookie(call: Call, response: Response, session: BrowserSession) -> Response:
    if call.state.single_sign_on:
        response.headers["Set-Cookie"] = (
            f"{COOKIE}={session.cookie}; Path=/; HttpOnly; SameSite=Lax"
        )
    return response


def _elsewhere(call: Call, app: App, directory: Directory | None, text: str) -> Person:
    """A guest, found by the name in the home directory. Raises Refusal for all others."""
    known = call.state.registry.find_person(text)
    if known is None:
        raise Refusal(50034, tenant=directory.name if directory else "home")
    wanted = directory or known.home
    found = wanted.find_person(known.sign_in_name) if wanted else None
    if found is not None and (directory or not found.guest):
        return found
    personal = known.directory is call.state.registry.personal
    home = known.home or known.directory
    raise Refusal(
        50020,
        user=known.sign_in_name,
        idp="live.com" if personal else f"https://sts.windows.net/{home.tenant_id}/",
        tenant=directory.name if directory else call.request.tenant,
        client_id=app.client_id,
        app_name=app.name,
    )


def _is_of(person: Person, domain: str) -> bool:
    if domain in ("consumers", "organizations"):
        return person.directory.is_personal == (domain == "consumers")
    return domain in person.directory.domains
