"""The checklist from registration to the first sign-in, computed from evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..credentials.status import CredentialState, CredentialStatus, connection_credential_state
from ..entra.aadsts import explain
from ..microsoft.permissions import permissions_needed
from ..microsoft.wording import Text
from ..models import Connection, Credential, Directory, Event
from .additional_steps import additional_steps
from .checklist_item import Item, Place, day
from .domain_checklist import domains_item
from .trials import trials


def checklist(connection: Connection, trial_open_since: datetime | None = None) -> list[Item]:
    """Return the steps in the order in which they are taken. Needs a few queries and no request.

    ``trial_open_since``: when the reader began a trial that has not returned from Microsoft.
    """
    tried = trials(connection).first()
    signed_in = _newest(connection, Event.Kind.SIGNED_IN)
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    items = [
        _registered(connection, tried, signed_in),
        _credentials(connection),
        domains_item(connection),
        _consent(connection, own),
        _enabled(connection),
        _tried(tried, signed_in, trial_open_since),
        _last_sign_in(connection, signed_in),
        *additional_steps(connection),
    ]
    return items if connection.is_complete else [_unfinished(), *map(_later, items)]


def _unfinished() -> Item:
    return Item(
        "app",
        _("Domain and client ID"),
        "lacking",
        _("They are missing."),
        _("Enter them under “General”, or invite the customer, who enters them."),
        stops_sign_ins=True,
        anchor="azuread-general",
    )


def _later(item: Item) -> Item:
    """Return a step without what to do, if it needs Microsoft: without the app, nothing can."""
    if item.place in (Place.CHECK, Place.CONSENT, Place.TRY):
        return replace(item, next="", place=None)
    return item


def _registered(connection: Connection, tried: Event | None, signed_in: Event | None) -> Item:
    title = _("Registered in Azure")
    # A failed trial has returned from Microsoft too.
    came_back = signed_in is not None or tried is not None
    if came_back or connection.events.filter(kind=Event.Kind.CONSENT_RETURNED).exists():
        return Item("registered", title, "done", _("Microsoft has sent somebody back here."))
    return Item(
        "registered",
        title,
        "todo",
        _("Nobody has come back from Microsoft yet."),
        _("Register the callback URL under the platform “Web”, then try the connection."),
        Place.CALLBACK,
    )


def _credentials(connection: Connection) -> Item:
    title, now = _("Credentials"), timezone.now()
    credentials = list(connection.credentials.all())
    overall = connection_credential_state(credentials, now)
    if not credentials:
        advice = _("Add a client secret, a certificate or a federated credential.")
        return Item("credentials", title, "lacking", overall.text, advice, Place.CREDENTIALS, True)
    if unreadable := [each for each in credentials if not each.is_readable]:
        return Item(
            "credentials",
            title,
            "warning",
            _("No encryption key of this site can decrypt %s, so it cannot be used.")
            % _named(unreadable),
            _("Restore the key in ENCRYPTION_KEYS, or add a new credential and remove this one."),
            Place.CREDENTIALS,
            stops_sign_ins=len(unreadable) == len(credentials),
        )
    states = {each: connection_credential_state([each], now) for each in credentials}
    evidence = "; ".join(_about(credential, state) for credential, state in states.items())
    return _proof(title, evidence, overall.status, states)


def _proof(
    title: Text,
    evidence: str,
    overall: CredentialStatus,
    states: dict[Credential, CredentialState],
) -> Item:
    """Return the step for credentials that can be decrypted, with what is still to do."""
    usable = [each for each, state in states.items() if state.status in _USABLE]
    untested = [each for each in usable if each.last_success_at is None]
    failed = [each for each, state in states.items() if state.status is CredentialStatus.REFUSED]
    refused = [each for each in failed if not each.is_unavailable]
    advice = []
    if overall is CredentialStatus.UNKNOWN:
        undated = [each for each in usable if each.expires_at is None]
        advice.append(_("%s: enter the expiry date.") % _named(undated))
    elif overall is not CredentialStatus.VALID:
        advice.append(_("Add a new credential; the old one keeps working until you remove it."))
    if untested:
        advice.append(_("%s: press “Check now” to test it.") % _named(untested))
    if unavailable := [each for each in failed if each.is_unavailable]:
        advice.append(_("%s: press “Check now” to see why.") % _named(unavailable))
    if refused and usable:
        advice.append(_("%s: remove it, because Microsoft refuses it.") % _named(refused))
    if not advice:
        return Item("credentials", title, "done", evidence)
    only_to_test = overall is CredentialStatus.VALID and untested and not failed
    return Item(
        "credentials",
        title,
        "todo" if only_to_test else "warning",
        evidence,
        " ".join(advice),
        Place.CHECK if only_to_test else Place.CREDENTIALS,
        stops_sign_ins=not usable,
    )


_USABLE = (CredentialStatus.VALID, CredentialStatus.EXPIRING, CredentialStatus.UNKNOWN)


def _about(credential: Credential, state: CredentialState) -> str:
    words = f"{credential} {state.text}"
    if state.status not in _USABLE:
        return words
    if credential.last_success_at is None:
        return words + ", " + _("not tested yet")
    return words + ", " + _("last accepted by Microsoft on %s") % day(credential.last_success_at)


def _named(credentials: list[Credential]) -> str:
    return ", ".join(map(str, credentials))


def _consent(connection: Connection, own: Directory | None) -> Item:
    title = _("Consent")
    needed = permissions_needed(connection)
    if not any(permission.needs_administrator for permission in needed):
        return Item(
            "consent", title, "done", _("The chosen options need no administrator's consent.")
        )
    granted = set()
    if own is not None:
        granted = {*own.delegated_scopes.split(), *own.application_permissions.split()}
    missing = [permission for permission in needed if permission.name not in granted]
    if not missing:
        return Item("consent", title, "done", _("Confirmed: %s.") % ", ".join(sorted(granted)))
    unproven = _("Not confirmed yet: %s.") % ", ".join(permission.name for permission in missing)
    if own is None or own.consent_returned_at is None:
        return Item(
            "consent",
            title,
            "todo",
            unproven,
            _("Ask for consent, then press “Check now” and “Try” to confirm it."),
            Place.CONSENT,
        )
    returned = _("Somebody returned from the consent page on %s.") % day(own.consent_returned_at)
    evidence = f"{returned} {unproven}"
    if any(permission.kind == "application" for permission in missing):
        advice = _("Press “Check now” to confirm it.")
        return Item("consent", title, "todo", evidence, advice, Place.CHECK)
    return Item("consent", title, "todo", evidence, _("Press “Try” to confirm it."), Place.TRY)


def _enabled(connection: Connection) -> Item:
    title = _("Enabled for applications")
    names = [application.name for application in connection.applications.all()]
    if names:
        return Item("enabled", title, "done", ", ".join(names))
    return Item(
        "enabled",
        title,
        "lacking",
        _("Not enabled for any application, so nobody can use this connection."),
        _("Tick an application."),
        Place.APPLICATIONS,
        stops_sign_ins=True,
    )


def _tried(tried: Event | None, signed_in: Event | None, open_since: datetime | None) -> Item:
    title = _("Tried")
    if open_since is not None:
        return Item(
            "tried",
            title,
            "warning",
            _("You tried it on %s, and nobody has returned from Microsoft yet.") % day(open_since),
            _("Which error code did Microsoft show? The page “Try” explains the common ones."),
            Place.TRY,
        )
    if tried is None:
        if signed_in is not None:
            return Item("tried", title, "done", _("Not needed: people sign in."))
        return Item("tried", title, "todo", _("Never."), _("Press “Try”."), Place.TRY)
    when = day(tried.created_at)
    if not tried.code:
        return Item("tried", title, "done", _("It worked on %s.") % when, is_proof=True)
    if tried.aadsts_code:
        explained = explain(tried.aadsts_code)
        why, advice = explained.meaning, explained.remedy
    else:
        why, advice = tried.message or tried.code, _("Fix it, then try again.")
    evidence = _("It failed on %(day)s: %(why)s") % {"day": when, "why": why}
    return Item("tried", title, "warning", evidence, advice, Place.TRY)


def _last_sign_in(connection: Connection, signed_in: Event | None) -> Item:
    title = _("Last sign-in")
    waiting = connection.directories.filter(status=Directory.Status.WAITING).count()
    if waiting:
        return Item(
            "sign_in",
            title,
            "warning",
            ngettext(
                "%d directory waits for approval.", "%d directories wait for approval.", waiting
            )
            % waiting,
            _("Approve or refuse it: its people cannot sign in until you approve."),
            Place.DIRECTORIES,
            is_proof=signed_in is not None,
        )
    if signed_in is None:
        return Item("sign_in", title, "todo", _("Nobody yet."))
    return Item(
        "sign_in",
        title,
        "done",
        _("%(person)s on %(day)s")
        % {
            "person": signed_in.person,
            "day": day(signed_in.created_at),
        },
        is_proof=True,
    )


def _newest(connection: Connection, kind: Event.Kind) -> Event | None:
    return connection.events.filter(kind=kind).order_by("-created_at").first()
