"""What a connection's page shows around its form: state, checklist, actions and sections."""

from __future__ import annotations

from typing import Any, TypeAlias

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.translation import gettext, ngettext

from ...diagnostics.checklist import checklist
from ...diagnostics.state import state_of
from ...login.flows import trial
from ...login.lookup.addresses import callback_urls, frontchannel_logout_url
from ...models import Connection, Directory, Event
from ..directory_decisions import may_decide
from ..directory_facts import SHOWN_AT_ONCE, most_urgent, rows
from ..rights import CHANGE_CONNECTION, CONSENT, MANAGE_SECRET, SEARCH_DIRECTORY, TRY, may
from ..widgets.chart import chart
from ..widgets.links import admin_url, may_open
from . import consent, invite
from .boxes import Box, boxes
from .error_summary import field_errors
from .sections import Section, box_section, fieldset_sections
from .summaries import consent_summary, summaries

#: What has to be filled in on the page that adds a connection.
_NEEDED_AT_FIRST = frozenset({"general", "credentials"})

Page: TypeAlias = "admin.ModelAdmin[Connection]"


def surroundings(page: Page, request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the additional context of the page that adds, shows or changes a connection.

    A refused form leaves values in the connection that are not stored, so its page shows neither
    the state nor the summaries.
    """
    connection: Connection | None = context.get("original")
    is_refused = context["adminform"].form.is_bound
    found: dict[str, Any] = {
        "callback_urls": _callback_urls(request),
        "may_ask_consent": may(request, CONSENT),
    }
    shown: dict[str, Box] = {}
    if connection is not None:
        found |= _about(page, request, connection) | _actions(page, request, connection)
        shown = boxes(page.admin_site, request, connection)
        if not is_refused:
            found |= _state(request, connection, found["setup"])
            found["consent"] = consent.box(request, connection)
    found["boxes"] = shown
    found["sections"] = _sections(context | found, is_refused=is_refused)
    if is_refused:
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        found["field_errors"] = field_errors(context["adminform"], formsets)
    return found


def _sections(context: dict[str, Any], *, is_refused: bool) -> list[Section]:
    connection: Connection | None = context.get("original")
    form = context["adminform"].form
    lines, open_keys = {}, set()
    if connection is None:
        open_keys = set(_NEEDED_AT_FIRST)
        if not form["enabled_applications"].value():
            open_keys.add("applications")
    elif not is_refused:
        lines = summaries(connection)
    sections = [_callback_section(context["callback_urls"], is_new=connection is None)]
    if "consent" in context:
        sections.append(
            Section(
                "consent",
                gettext("Consent of the directory's administrator"),
                short_title=gettext("Consent"),
                summary=consent_summary(context["consent"]),
                template="azuread_connections/admin/consent_box.html",
            )
        )
    setup = context.get("setup")
    if setup and (setup["link"] or setup["may_invite"] or setup["list_url"]):
        sections.append(
            Section(
                "setup-links",
                gettext("Set-up links"),
                summary=setup["state"] if setup["link"] else gettext("no open link"),
                template="azuread_connections/admin/setup_box.html",
            )
        )
    inlines = context["inline_admin_formsets"]
    sections += fieldset_sections(context["adminform"], inlines, lines, open_keys=open_keys)
    return sections + [box_section(name, box) for name, box in context["boxes"].items()]


def _callback_section(urls: list[str], *, is_new: bool) -> Section:
    title = ngettext(
        "Callback URL to register in Azure (platform Web)",
        "Callback URLs to register in Azure (platform Web)",
        max(len(urls), 1),
    )
    return Section(
        "callback",
        title,
        short_title=gettext("Callback URL"),
        summary="" if is_new else ", ".join(urls),
        is_forced_open=is_new or not urls,
        template="azuread_connections/admin/callback_box.html",
    )


def _state(request: HttpRequest, connection: Connection, setup: dict[str, Any]) -> dict[str, Any]:
    items = checklist(connection, trial.open_since(request, connection))
    if setup["item"]:
        items.insert(0, setup["item"])
    return {
        "state": state_of(connection, items),
        "open_steps": [item for item in items if not item.is_done],
        "done_steps": [item for item in items if item.is_done],
        "chart": chart(connection.events.all()),
    }


def _about(page: Page, request: HttpRequest, connection: Connection) -> dict[str, Any]:
    known = most_urgent(connection)
    may_change = page.has_change_permission(request, connection)
    return {
        "setup": invite.box(page, request, connection),
        "directories": rows(page.admin_site, known[:SHOWN_AT_ONCE], connection.tenant_id),
        "more_directories": len(known) > SHOWN_AT_ONCE,
        "directories_url": _list_of(page, connection, Directory),
        "may_decide": may_decide(page.admin_site, request, connection),
        # Anybody who knows it can end sessions, without an account here.
        "frontchannel_url": frontchannel_logout_url(request, connection) if may_change else "",
        "is_frontchannel_hidden": not may_change,
    }


def _actions(page: Page, request: HttpRequest, connection: Connection) -> dict[str, Any]:
    may_log = may_open(page.admin_site, request, Event)
    manages = may(request, MANAGE_SECRET) and may(request, CHANGE_CONNECTION)
    return {
        "events_url": _list_of(page, connection, Event) if may_log else "",
        "may_try": may(request, TRY),
        "may_add_certificate": manages,
        "may_rotate": manages and connection.credentials.exists(),
        "may_sign_out": page.has_change_permission(request, connection),
        "may_search_users": connection.enable_users_api and may(request, SEARCH_DIRECTORY),
    }


def _list_of(page: Page, connection: Connection, model: type[Model]) -> str:
    """Return the address of the list of a model's rows that belong to a connection."""
    try:
        url = admin_url(page.admin_site, model, "changelist")
    except NoReverseMatch:
        # A custom admin site can lack that page.
        return ""
    return f"{url}?connection={connection.pk}"


def _callback_urls(request: HttpRequest) -> list[str]:
    try:
        return callback_urls(request)
    except NoReverseMatch:
        # The site has not included our URLs yet: a system check and this page report it.
        return []
