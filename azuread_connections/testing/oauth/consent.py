"""Whether the requested permissions are granted, and the consent page."""

from __future__ import annotations

from dataclasses import dataclass

from ..browser.accounts import with_cookie
from ..directory.directories import Person
from ..server.call import Call
from ..server.state import BrowserSession
from ..server.wire import Response
from . import consent_pages
from .ask import Ask, scopes_of
from .errors import Refusal
from .permissions import ADMIN_CONSENT


@dataclass(frozen=True)
class Missing:
    """The permissions that need consent before the app gets its code, possibly only to sign in."""

    scopes: frozenset[str]

    @property
    def needs_admin(self) -> bool:
        return not self.scopes.isdisjoint(ADMIN_CONSENT)


def missing(call: Call, ask: Ask, person: Person) -> Missing | None:
    """None if everything requested was granted, and the request does not force the consent page."""
    wanted = scopes_of(call, ask).wanted(ask.app.delegated)
    lacking = wanted - ask.app.granted_delegated(person.directory, person)
    if lacking or not ask.app.has_consent_of(person):
        return Missing(frozenset(lacking))
    return Missing(wanted) if "consent" in ask.prompts else None


def ask_for_consent(
    call: Call, ask: Ask, person: Person, lacking: Missing, session: BrowserSession
) -> Response:
    """The consent page, or the page that says that an administrator is needed."""
    if "none" in ask.prompts:
        raise Refusal(
            65001,
            client_id=ask.app.client_id,
            app_name=ask.app.name,
        ).told_as("consent_required")
    if lacking.needs_admin and not person.admin:
        return need_admin_approval(call, ask)
    response = consent_pages.consent_page(
        action=f"{call.request.path.removesuffix('/pick').removesuffix('/consent')}/consent",
        params=ask.params,
        app=ask.app,
        person=person,
        scopes=sorted(lacking.scopes),
    )
    return with_cookie(call, response, session)


def need_admin_approval(call: Call, ask: Ask) -> Response:
    """Microsoft's page for people who cannot consent. It does not return to the app."""
    refusal = Refusal(90094)
    return consent_pages.approval_page(
        app=ask.app,
        description=call.incident.describe(refusal),
        incident=call.incident,
        code=refusal.code,
    )


def accept(call: Call, ask: Ask, person: Person, lacking: Missing) -> None:
    """Store the consent: for the person, or by an administrator for everybody."""
    if person.admin and "organization" in call.request.form:
        ask.app.grant(person.directory, delegated=lacking.scopes)
    else:
        ask.app.consent(person, lacking.scopes)
