"""What an administrator can do with a connection: check, try, export, sign people out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext

from ...diagnostics.probe import StepResult, probe
from ...domains import MOST_AT_ONCE
from ...entra.aadsts import explain
from ...login.flows import trial
from ...login.flows.begin import SELECT_ACCOUNT
from ...login.log.failures import FAILURES
from ...login.web.buttons import start_url
from ...models import Connection, Revocation
from ...transfer.exporter import as_json, export_connections
from ..rights import EXPORT, TRY, may
from ..widgets import own_page
from ..widgets.dates import short_time
from ..widgets.links import admin_url
from .memberships import memberships
from .unfinished import back_if_unfinished

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Connection]
_STEPS_GO_HERE = "<!-- steps -->"
_CONCLUSION_GOES_HERE = "<!-- conclusion -->"
#: Claims that are times, in seconds since 1970.
_TIMES = frozenset({"iat", "nbf", "exp", "auth_time"})
#: The number of applications to name on the page.
_MAX_ADDRESSES = 20


def check(page: Page, request: HttpRequest, connection: Connection) -> HttpResponseBase:
    """Check now: each step is sent to the browser as soon as its result is known."""
    _require(request, TRY)
    context = _context(page, request, connection, gettext("Check now"))
    template = "azuread_connections/admin/check.html"
    if request.method != "POST":
        return TemplateResponse(request, template, context)
    whole = render_to_string(template, context | {"is_running": True}, request)
    return StreamingHttpResponse(_stream(whole, connection))


def _stream(whole: str, connection: Connection) -> Iterator[str]:
    head, _marker, tail = whole.partition(_STEPS_GO_HERE)
    yield head
    outcomes = set()
    for step in probe(connection, MOST_AT_ONCE, drop_unpublished_keys=True):
        outcomes.add(step.outcome)
        yield render_to_string("azuread_connections/admin/check_step.html", {"step": step})
    before, _marker, after = tail.partition(_CONCLUSION_GOES_HERE)
    yield f"{before}{escape(_conclusion(outcomes))}{after}"


def _conclusion(outcomes: set[StepResult]) -> str:
    if StepResult.FAILED in outcomes:
        return gettext("Some steps failed. What to do is shown next to each of them.")
    if StepResult.UNKNOWN in outcomes:
        return gettext("Nothing failed. Press “Try” to find out what is not known yet.")
    return gettext("Everything works.")


def attempt(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Try: begin a trial, or show the result of this session's last one."""
    _require(request, TRY)
    if back := back_if_unfinished(page, request, connection):
        return back
    if request.method == "POST":
        prompt = SELECT_ACCOUNT if "another_account" in request.POST else ""
        return trial.begin(request, connection, request.path, prompt=prompt)
    outcome = trial.outcome_of(request, connection)
    context = _context(page, request, connection, gettext("Try"))
    context["outcome"] = outcome
    if outcome is None:
        begun = trial.open_since(request, connection)
        context["open_since"] = short_time(begun) if begun else ""
        # Errors that end on Microsoft's page, from which nobody returns.
        context["dead_ends"] = [explain(code) for code in (50011, 700016, 90094, 50020)]
    else:
        context["profile"] = _pairs(outcome.get("profile", {}))
        context["claims"] = _pairs(outcome.get("claims", {}))
        context["groups"], context["roles"] = memberships(connection, outcome)
        if outcome["works"]:
            context["sign_in_addresses"] = _sign_in_addresses(request, connection)
        else:
            number = outcome.get("aadsts_code")
            context["failure"] = FAILURES[outcome["code"]]
            context["explanation"] = explain(number) if number else None
    return TemplateResponse(request, "azuread_connections/admin/try.html", context)


def _sign_in_addresses(request: HttpRequest, connection: Connection) -> list[tuple[str, str]]:
    """Return the applications that the connection is enabled for, with their sign-in addresses."""
    return [
        (each.name, request.build_absolute_uri(start_url(connection, application=each.slug)))
        for each in connection.applications.all()[:_MAX_ADDRESSES]
    ]


def _pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, _shown(name, value)) for name, value in values.items()]


def _shown(name: str, value: Any) -> str:
    """Return a value of a profile or a token for people to read."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if name in _TIMES and isinstance(value, int):
        with contextlib.suppress(OverflowError, ValueError, OSError):
            return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sign_out(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Sign out everyone who used a connection, after a confirmation."""
    if not page.has_change_permission(request, connection):
        raise PermissionDenied
    title = gettext("Sign out everyone of this connection")
    if request.method != "POST":
        context = _context(page, request, connection, title)
        return TemplateResponse(request, "azuread_connections/admin/sign_out.html", context)
    Revocation.everybody(connection)
    page.log_change(request, connection, "Signed out everyone.")
    page.message_user(
        request,
        gettext("Everyone who signed in with %(name)s is signed out within half a minute.")
        % {"name": connection.name},
        messages.SUCCESS,
    )
    return HttpResponseRedirect(
        admin_url(page.admin_site, connection, "change", quote(connection.pk))
    )


def export(request: HttpRequest, connections: QuerySet[Connection]) -> StreamingHttpResponse:
    """Return connections as a file that ``import_connections`` reads, without secrets."""
    _require(request, EXPORT)
    chosen = list(connections.values_list("pk", flat=True))
    plain = Connection._default_manager.filter(pk__in=chosen)
    response = StreamingHttpResponse(
        as_json(export_connections(plain)), content_type="application/json"
    )
    name = f"connections-{timezone.now():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _require(request: HttpRequest, permission: str) -> None:
    if not may(request, permission):
        raise PermissionDenied


def _context(
    page: Page, request: HttpRequest, connection: Connection, title: str
) -> dict[str, Any]:
    return own_page.context(page, request, title, connection) | {"connection": connection}
