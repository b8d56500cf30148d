"""Admin consent: an administrator lets an app into a whole directory."""

from __future__ import annotations

from ..browser.accounts import choose, people_for
from ..directory.directories import Person
from ..server import pages
from ..server.call import Call
from ..server.wire import Response
from . import consent_pages
from .ask import Ask, answer, check_audience, identify, raise_ordered_fault, refusal_page, refuse
from .consent import need_admin_approval
from .errors import Refusal
from .permissions import Scopes, parse_scopes

PAGE_FIELDS = frozenset({"person", "cancel", "accept"})

# Microsoft returns these errors to the app, and every error in the request itself.
TOLD = {50020: "access_denied", 65004: "access_denied"}


def admin_consent(call: Call) -> Response:
    """Show the account picker, or refuse."""
    try:
        ask = _identify(call, call.request.query)
    except Refusal as refusal:
        return refusal_page(call, refusal)
    try:
        raise_ordered_fault(call)
        _check(call, ask)
    except Refusal as refusal:
        return _refuse(call, ask, refusal)
    return pages.account_picker(
        action=f"{call.request.path}/decide",
        search_action=call.request.path,
        params=ask.params,
        people=sorted(people_for(call, ask.app, ask.directory), key=lambda one: not one.admin),
        app=ask.app,
        directory=ask.directory,
    )


def decide(call: Call) -> Response:
    """Take the choice of an account, show the permissions, take the decision about them."""
    form = call.request.form
    fields = {name: text for name, text in form.items() if name not in PAGE_FIELDS}
    try:
        ask = _identify(call, fields)
    except Refusal as refusal:
        return refusal_page(call, refusal)
    try:
        raise_ordered_fault(call)
        scopes = _check(call, ask)
        if "cancel" in form:
            raise Refusal(65004)
        person = choose(call, ask.app, ask.directory, form.get("person", ""))
    except Refusal as refusal:
        return _refuse(call, ask, refusal)
    if not person.admin or person.directory.is_personal:
        return need_admin_approval(call, ask)
    if "accept" not in form:
        return _permissions_page(call, ask, person, scopes)
    return _grant(ask, person, scopes)


def _identify(call: Call, params: dict[str, str]) -> Ask:
    """v2 requires the directory, or at least that it is one of an organization."""
    if call.version == "v2.0" and call.request.tenant.lower() == "common":
        raise Refusal(50059)
    return identify(call, params)


def _check(call: Call, ask: Ask) -> Scopes:
    """v1 has no scopes: the consent always covers everything that the app is registered with."""
    check_audience(call, ask)
    if call.version == "v1.0":
        return Scopes(oidc=(), graph=(), default=True)
    text = ask.params.get("scope", "")
    if not text.strip():
        raise Refusal(900144, parameter="scope")
    return parse_scopes(text, call.graph_urls, app_name=ask.app.name)


def _permissions_page(call: Call, ask: Ask, person: Person, scopes: Scopes) -> Response:
    return consent_pages.admin_consent_page(
        action=call.request.path,
        params=ask.params,
        app=ask.app,
        person=person,
        delegated=sorted(scopes.wanted(ask.app.delegated)),
        application=sorted(ask.app.application) if scopes.default else [],
    )


def _grant(ask: Ask, person: Person, scopes: Scopes) -> Response:
    ask.app.grant(
        person.directory,
        delegated=scopes.wanted(ask.app.delegated),
        application=ask.app.application if scopes.default else (),
    )
    values = {"admin_consent": "True", "tenant": person.directory.tenant_id}
    if "scope" in ask.params:
        values["scope"] = ask.params["scope"]
    return answer(ask, values)


def _refuse(call: Call, ask: Ask, refusal: Refusal) -> Response:
    """On the callback `admin_consent=True` is sent with an error, too, but without `tenant`."""
    if refusal.code in TOLD:
        refusal.told_as(TOLD[refusal.code])
    return refuse(call, ask, refusal, admin_consent="True")
