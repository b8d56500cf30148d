"""What a set-up link's page shows: its own facts, and what the customer has entered with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..credentials.status import connection_credential_state
from ..diagnostics.checklist import checklist
from ..diagnostics.trials import trials
from ..models import Connection, Directory, DomainAlias, SetupLink
from ..setup.states import State
from .connection.credentials import render_state
from .directory_facts import render_consent, render_grants
from .rights import may_see_connection
from .setup_link_state import render_link_state
from .widgets.dates import short_time
from .widgets.links import link_to

#: More domains than this are counted. A connection can have 1,000.
_MAX_DOMAINS = 20
#: The number of openings that are named; a link has at most 100.
_MAX_OPENINGS = 100

Row = tuple[str, str | SafeString]


def about(admin_site: AdminSite, request: HttpRequest, link: SetupLink) -> dict[str, Any]:
    """Return the context of a link's page and of the page that approves it."""
    connection = link.connection
    context: dict[str, Any] = {
        "link": link,
        "state": render_link_state(link),
        "facts": list(_of_link(link)),
        "openings": list(link.sessions.order_by("-opened_at", "-pk")[:_MAX_OPENINGS]),
        "now": timezone.now(),
    }
    if connection is None or not may_see_connection(admin_site, request, connection):
        # A permission for links alone does not show what a connection has.
        return context
    return context | {
        "connection_link": link_to(admin_site, connection, connection.label),
        "entered": list(_entered(connection)),
        # Approving enables it, so that step is not missing while the link waits.
        "checklist": [
            item
            for item in checklist(connection)
            if item.key != "enabled" or link.state != State.FINISHED
        ],
    }


def _of_link(link: SetupLink) -> Iterator[Row]:
    yield _("Purpose"), link.get_purpose_display()
    applications = sorted(each.name for each in link.applications.all())
    yield _("Applications"), ", ".join(applications) or "–"
    yield _("Domains"), link.get_domains_display()
    yield (
        _("Approval"),
        _("not needed: enabled when the customer has finished")
        if link.auto_enable
        else _("needed after the customer has finished"),
    )
    by = link.created_by_name or _("a command")
    yield (
        _("Created"),
        _("%(when)s by %(name)s") % {"when": short_time(link.created_at), "name": by},
    )
    yield _("Valid until"), short_time(link.expires_at)
    used = {"used": link.openings_used, "allowed": link.max_openings}
    yield _("Openings"), _("%(used)d of %(allowed)d") % used
    if link.finished_at:
        yield _("Finished"), short_time(link.finished_at)
    if link.approved_at:
        when = short_time(link.approved_at)
        name = link.approved_by_name
        yield (
            _("Approved"),
            _("%(when)s by %(name)s")
            % {
                "when": when,
                "name": name,
            }
            if name
            else when,
        )
    if link.revoked_at:
        yield _("Revoked"), short_time(link.revoked_at)
    yield _("Reference"), format_html("<code>{}</code>", link.reference)


def _entered(connection: Connection) -> Iterator[Row]:
    """Yield what the connection has now, whoever entered it."""
    yield _("Domain"), connection.domain or _("not entered yet")
    if connection.tenant_id:
        yield _("Directory ID"), format_html("<code>{}</code>", connection.tenant_id)
    else:
        yield _("Directory ID"), _("not known yet")
    client_id = format_html("<code>{}</code>", connection.client_id)
    yield _("Client ID"), client_id if connection.client_id else _("not entered yet")
    yield _("Credentials"), _credentials(connection)
    yield _("Domains and their verification"), _domains(connection)
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    yield _("Consent"), _consent(own)
    yield _("Last test sign-in"), _last_trial(connection)


def _credentials(connection: Connection) -> str | SafeString:
    rows = list(connection.credentials.defer("value").order_by("-created_at", "-pk"))
    if not rows:
        return _("none yet")
    now = timezone.now()
    items = (
        (each.get_kind_display(), str(each), render_state(connection_credential_state([each], now)))
        for each in rows
    )
    return format_html(
        '<ul class="azuread-list">{}</ul>',
        format_html_join("", "<li>{} <code>{}</code> {}</li>", items),
    )


def _domains(connection: Connection) -> str | SafeString:
    rows = list(connection.aliases.order_by("-is_primary", "domain")[: _MAX_DOMAINS + 1])
    if not rows:
        return "–"
    items = [(each.domain, *_proof(each, connection)) for each in rows[:_MAX_DOMAINS]]
    listed = format_html_join(
        "", '<li>{} <span class="azuread-state azuread-state-{}">{}</span></li>', items
    )
    more = connection.aliases.count() - len(items) if len(rows) > _MAX_DOMAINS else 0
    rest = format_html("<li>{}</li>", _("and %d more") % more) if more else ""
    return format_html('<ul class="azuread-list">{}{}</ul>', listed, rest)


def _proof(alias: DomainAlias, connection: Connection) -> tuple[str, str]:
    """Return the look of a domain's proof, and how it was proven."""
    if alias.verified_at is None or not alias.is_verified_for(connection.tenant_id):
        return "unknown", _("not verified")
    how = (
        _("verified by a DNS record on %s")
        if alias.verified_by == DomainAlias.VerifiedBy.DNS
        else _("verified by Microsoft's answer on %s")
    )
    return "valid", how % short_time(alias.verified_at)


def _consent(own: Directory | None) -> str | SafeString:
    if own is None or own.consent_returned_at is None:
        return _("nobody has come back from the consent page")
    granted = [
        render_grants(own.delegated_scopes, own.delegated_since),
        render_grants(own.application_permissions, own.application_since),
    ]
    proven = format_html_join(", ", "{}", ((each,) for each in granted if each))
    came_back = format_html("{}: {}", _("came back from the consent page"), render_consent(own))
    return format_html("{}; {} {}", came_back, _("confirmed:"), proven) if proven else came_back


def _last_trial(connection: Connection) -> str | SafeString:
    last = trials(connection).first()
    if last is None:
        return _("never")
    look, outcome = ("expired", _("failed")) if last.code else ("valid", _("worked"))
    by = {"when": short_time(last.created_at), "name": last.person or "–"}
    return format_html(
        '{} <span class="azuread-state azuread-state-{}">{}</span> {}',
        _("%(when)s by %(name)s") % by,
        look,
        outcome,
        last.message if last.code else "",
    )
