"""The way of a connection from the form to the first sign-in, computed from evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ..entra.aadsts import explain
from ..models import Connection, Directory, Event
from ..permissions import permissions_needed
from .secrets import SecretStatus, connection_secret_state

Text = str | Promise


@dataclass(frozen=True)
class Item:
    """One step. ``state``: "done", "todo" or "warning"; ``evidence``: what shows it; ``next``:
    what to do, "" if nothing."""

    key: str
    title: Text
    state: str
    evidence: Text
    next: Text = ""


def checklist(connection: Connection) -> list[Item]:
    """Return the steps in the order in which they are taken. A few queries, no request."""
    tried = _newest(connection, Event.Kind.TRIED)
    signed_in = _newest(connection, Event.Kind.SIGNED_IN)
    return [
        _registered(connection, tried, signed_in),
        _credentials(connection),
        _consent(connection),
        _enabled(connection),
        _tried(tried, signed_in),
        _last_sign_in(connection, signed_in),
    ]


def _registered(connection: Connection, tried: Event | None, signed_in: Event | None) -> Item:
    title = _("Registered in Azure")
    if signed_in is not None or (tried is not None and not tried.code):
        return Item("registered", title, "done", _("Microsoft has sent somebody back here."))
    return Item(
        "registered",
        title,
        "todo",
        _("Nobody has come back from Microsoft yet."),
        _("Register the callback URL above under the platform “Web”, then try the connection."),
    )


def _credentials(connection: Connection) -> Item:
    title = _("Credentials")
    secrets = list(connection.secrets.all())
    if unreadable := [secret for secret in secrets if not secret.value.is_readable]:
        return Item(
            "credentials",
            title,
            "warning",
            _("No encryption key of this site opens %s, so it cannot be used.")
            % ", ".join(map(str, unreadable)),
            _("Put back the key in ENCRYPTION_KEYS, or add a new client secret and remove it."),
        )
    state = connection_secret_state(secrets)
    accepted = max((s.last_success_at for s in secrets if s.last_success_at), default=None)
    evidence = state.text
    if accepted is not None:
        evidence = f"{evidence}; " + _("last accepted by Microsoft on %s") % _day(accepted)
    if state.status is SecretStatus.VALID and accepted is not None:
        return Item("credentials", title, "done", evidence)
    if state.status is SecretStatus.VALID:
        return Item("credentials", title, "todo", evidence, _("Press “Check now” to prove it."))
    if state.status is SecretStatus.UNKNOWN:
        return Item("credentials", title, "warning", evidence, _("Enter the expiry date."))
    return Item(
        "credentials", title, "warning", evidence, _("Add a new secret beside the old one.")
    )


def _consent(connection: Connection) -> Item:
    title = _("Consent")
    needed = permissions_needed(connection)
    if not any(permission.needs_administrator for permission in needed):
        return Item(
            "consent", title, "done", _("The chosen options need no administrator's consent.")
        )
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    granted = set()
    if own is not None:
        granted = {*own.delegated_scopes.split(), *own.application_permissions.split()}
    missing = [permission.name for permission in needed if permission.name not in granted]
    if not missing:
        return Item("consent", title, "done", _("Proven: %s.") % ", ".join(sorted(granted)))
    return Item(
        "consent",
        title,
        "todo",
        _("Not proven yet: %s.") % ", ".join(missing),
        _("Ask for consent below, then try the connection."),
    )


def _enabled(connection: Connection) -> Item:
    title = _("Enabled for applications")
    names = [application.name for application in connection.applications.all()]
    if names:
        return Item("enabled", title, "done", ", ".join(names))
    return Item(
        "enabled",
        title,
        "todo",
        _("For none: nobody can use this connection."),
        _("Tick an application below."),
    )


def _tried(tried: Event | None, signed_in: Event | None) -> Item:
    title = _("Tried")
    if tried is None:
        if signed_in is not None:
            return Item("tried", title, "done", _("Not needed: people sign in."))
        return Item("tried", title, "todo", _("Never."), _("Press “Try”."))
    when = _day(tried.created_at)
    if not tried.code:
        return Item("tried", title, "done", _("It worked on %s.") % when)
    evidence = _("It failed on %(day)s: %(code)s") % {"day": when, "code": tried.code}
    remedy = explain(tried.aadsts_code).remedy if tried.aadsts_code else tried.message
    return Item("tried", title, "warning", evidence, remedy)


def _last_sign_in(connection: Connection, signed_in: Event | None) -> Item:
    title = _("Last sign-in")
    waiting = connection.directories.filter(status=Directory.Status.WAITING).count()
    if waiting:
        return Item(
            "sign_in",
            title,
            "warning",
            _("%d directories wait for approval.") % waiting,
            _("Approve or refuse them below."),
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
            "day": _day(signed_in.created_at),
        },
    )


def _newest(connection: Connection, kind: Event.Kind) -> Event | None:
    return connection.events.filter(kind=kind).order_by("-created_at").first()


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M}"
