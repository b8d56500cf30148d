"""The authorize endpoint with its account picker and consent page."""

from __future__ import annotations

from ..browser.accounts import browser_session, choose, narrow, people_for, remember, with_cookie
from ..directory.directories import Person
from ..server import pages
from ..server.call import Call
from ..server.state import BrowserSession, Grant
from ..server.wire import Response
from . import tokens
from .ask import (
    Ask,
    answer,
    check,
    check_assignment,
    identify,
    raise_ordered_fault,
    refusal_page,
    refuse,
    scopes_of,
)
from .consent import accept, ask_for_consent, missing, need_admin_approval
from .errors import Refusal
from .step_up import wanted

# Our pages' own fields; everything else in their forms is the client's request.
PAGE_FIELDS = frozenset({"person", "cancel", "accept", "organization"})


def authorize(call: Call) -> Response:
    """Show the account picker or an error: on a page, or on the callback if that is safe."""
    try:
        ask = identify(call, call.request.query)
    except Refusal as refusal:
        return refusal_page(call, refusal)
    try:
        raise_ordered_fault(call)
        check(call, ask)
        return _remembered_sign_in(call, ask) or _picker(call, ask)
    except Refusal as refusal:
        return refuse(call, ask, refusal)


def sign_in(call: Call) -> Response:
    """Accept the person's choice on the picker, and return to the app, or ask for consent."""
    try:
        ask = identify(call, _clients_fields(call))
    except Refusal as refusal:
        return refusal_page(call, refusal)
    try:
        raise_ordered_fault(call)
        check(call, ask)
        if "cancel" in call.request.form:
            return refuse(call, ask, Refusal(65004), error_subcode="cancel")
        person = _chosen(call, ask)
        session = remember(call, person)
        session.authenticated[person.object_id] = call.now
        met = wanted(call, ask).met_by(person)
        session.contexts.setdefault(person.object_id, set()).update(met)
        return _proceed(call, ask, person, session)
    except Refusal as refusal:
        return refuse(call, ask, refusal)


def consent(call: Call) -> Response:
    """Take the person's answer on the consent page."""
    try:
        ask = identify(call, _clients_fields(call))
    except Refusal as refusal:
        return refusal_page(call, refusal)
    try:
        raise_ordered_fault(call)
        check(call, ask)
        if "accept" not in call.request.form:
            return refuse(call, ask, Refusal(65004), error_subcode="cancel")
        person = _chosen(call, ask)
        check_assignment(ask, person)
        if lacking := missing(call, ask, person):
            if lacking.needs_admin and not person.admin:
                return need_admin_approval(call, ask)
            accept(call, ask, person, lacking)
        return _back_with_code(call, ask, person, remember(call, person))
    except Refusal as refusal:
        return refuse(call, ask, refusal)


def _clients_fields(call: Call) -> dict[str, str]:
    return {name: text for name, text in call.request.form.items() if name not in PAGE_FIELDS}


def _chosen(call: Call, ask: Ask) -> Person:
    return choose(call, ask.app, ask.directory, call.request.form.get("person", ""))


def _proceed(call: Call, ask: Ask, person: Person, session: BrowserSession) -> Response:
    check_assignment(ask, person)
    if lacking := missing(call, ask, person):
        return ask_for_consent(call, ask, person, lacking, session)
    return _back_with_code(call, ask, person, session)


def _remembered_sign_in(call: Call, ask: Ask) -> Response | None:
    """Single sign-on: return at once for the one person who is signed in in this browser."""
    session = browser_session(call)
    known = people_for(call, ask.app, ask.directory)
    people = [
        person
        for person in (session.people if session else [])
        if person in known and person.enabled
    ]
    hint = ask.params.get("login_hint")
    if hint:
        people = [person for person in people if person.is_called(hint)]
    asked = wanted(call, ask)
    if (
        session
        and len(people) == 1
        and not {"login", "select_account"} & set(ask.prompts)
        and asked.is_remembered(session, people[0], call.now)
    ):
        return _proceed(call, ask, people[0], session)
    if "none" in ask.prompts:
        raise Refusal(50058)
    return None


def _picker(call: Call, ask: Ask) -> Response:
    people = people_for(call, ask.app, ask.directory)
    return pages.account_picker(
        action=f"{call.request.path}/pick",
        search_action=call.request.path,
        params=ask.params,
        # For a single directory everybody is shown, the hinted person first.
        people=people if ask.directory else narrow(people, ask.params),
        app=ask.app,
        directory=ask.directory,
    )


def _back_with_code(call: Call, ask: Ask, person: Person, session: BrowserSession) -> Response:
    params = ask.params
    asked = wanted(call, ask)
    grant = Grant(
        version=call.version,
        directory=person.directory,
        app=ask.app,
        person=person,
        redirect_uri=ask.redirect_uri,
        scopes=scopes_of(call, ask),
        resource=params.get("resource"),
        nonce=params.get("nonce"),
        challenge=params.get("code_challenge"),
        challenge_method=params.get("code_challenge_method", "plain"),
        issued_at=call.now,
        session_id=session.session_id,
        authenticated_at=session.authenticated.get(person.object_id, call.now),
        asks_auth_time=asked.auth_time,
        contexts=asked.met_by(person),
    )
    values = {"code": call.state.issue_code(grant), "session_state": session.session_id}
    if params.get("client_info") == "1":
        values["client_info"] = tokens.client_info(person)
    with call.state.lock:
        if ask.app not in session.apps:
            session.apps.append(ask.app)
    return with_cookie(call, answer(ask, values), session)
