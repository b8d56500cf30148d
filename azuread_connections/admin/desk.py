"""The administrator's desk: check a connection, try it, take it out, sign its people out."""

from __future__ import annotations

from collections.abc import Iterator
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
from django.utils.translation import gettext

from ..entra.aadsts import explain
from ..health.probe import probe
from ..login import trial
from ..login.failures import FAILURES
from ..models import Connection, Revocation
from ..transfer.exporter import as_json, export_connections
from .links import admin_url
from .rights import EXPORT, TRY, may

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Connection]
_STEPS_GO_HERE = "<!-- steps -->"


def check(page: Page, request: HttpRequest, connection: Connection) -> HttpResponseBase:
    """Check now: each step is sent to the browser as soon as it is known."""
    _require(request, TRY)
    context = _context(page, request, connection, gettext("Check now"))
    template = "azuread_connections/admin/check.html"
    if request.method != "POST":
        return TemplateResponse(request, template, context)
    whole = render_to_string(template, context | {"is_running": True}, request)
    head, _marker, tail = whole.partition(_STEPS_GO_HERE)
    return StreamingHttpResponse(_stream(head, tail, connection))


def _stream(head: str, tail: str, connection: Connection) -> Iterator[str]:
    yield head
    for step in probe(connection):
        yield render_to_string("azuread_connections/admin/check_step.html", {"step": step})
    yield tail


def attempt(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Try: begin a trial, or show what the last one of this session came to."""
    _require(request, TRY)
    if request.method == "POST":
        return trial.begin(request, connection, request.path)
    outcome = trial.outcome_of(request, connection)
    context = _context(page, request, connection, gettext("Try"))
    context["outcome"] = outcome
    if outcome and not outcome["works"]:
        context["failure"] = FAILURES[outcome["code"]]
        context["explanation"] = explain(outcome["aadsts_code"]) if outcome["aadsts_code"] else None
    # What Microsoft shows on its own page, from which nobody comes back.
    context["dead_ends"] = [explain(code) for code in (50011, 700016, 90094, 50020)]
    return TemplateResponse(request, "azuread_connections/admin/try.html", context)


def sign_out(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Sign out everyone of a connection, after asking."""
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
    return {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "connection": connection,
        "title": title,
        "media": page.media,
    }
