"""Rotate now: replaces a connection's credential, and shows each step as soon as it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import escape
from django.utils.translation import gettext

from ...credentials.registrations import connections_sharing
from ...credentials.rotation import finish, rotate
from ...credentials.rotation_plan import current_credential, is_interrupted
from ...credentials.rotation_step import Pace, RotationOutcome, RotationStep
from ...models import Connection, Credential
from ..rights import visible_connections
from ..widgets.links import as_key
from .history import credential_entries
from .new_credentials import page_context, require_credentials

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Connection]
_STEPS_GO_HERE = "<!-- steps -->"
_CONCLUSION_GOES_HERE = "<!-- conclusion -->"
#: Servers end a request that takes longer than some 30 seconds. A new credential that Microsoft
#: does not know by then waits for the next run, or for the same button.
PATIENCE = timedelta(seconds=15)


def rotate_now(page: Page, request: HttpRequest, connection: Connection) -> HttpResponseBase:
    """Ask for a confirmation, then rotate the credential that was named there."""
    require_credentials(page, request, connection)
    current = current_credential(list(connection.credentials.all()))
    sharing = connections_sharing(connection).exclude(pk=connection.pk)
    visible = visible_connections(page.admin_site, request).filter(pk__in=sharing.values("pk"))
    context = page_context(page, request, connection, gettext("Rotate now")) | {
        "credential": current,
        "is_interrupted": is_interrupted(connection),
        "sharing": [each.name for each in visible],
    }
    template = "azuread_connections/admin/rotate.html"
    if request.method != "POST":
        return TemplateResponse(request, template, context)
    pace = Pace(patience=PATIENCE)
    if "finish" in request.POST:
        if not context["is_interrupted"]:
            return TemplateResponse(request, template, context | {"is_finished": True})
        steps = finish(connection, pace)
    else:
        # Not the current one of this moment: a second press would rotate what the first made.
        key = as_key(request.POST.get("credential", ""))
        chosen = connection.credentials.filter(pk=key or 0).exclude(kind="federated").first()
        if chosen is None:
            raise Http404
        if chosen.replaced_at is not None and chosen != current:
            return TemplateResponse(request, template, context | {"is_stale": True})
        chosen.connection = connection
        steps = rotate(connection, chosen, pace)
    whole = render_to_string(template, context | {"is_running": True}, request)
    # While it is streamed, no transaction of the request is open: each step is stored at once.
    return StreamingHttpResponse(_stream(page, request, connection, whole, steps))


def _stream(
    page: Page,
    request: HttpRequest,
    connection: Connection,
    whole: str,
    steps: Iterable[RotationStep],
) -> Iterator[str]:
    known = set(connection.credentials.values_list("pk", flat=True))
    head, _marker, tail = whole.partition(_STEPS_GO_HERE)
    yield head
    outcome = RotationOutcome.DONE
    added: list[Credential] = []
    try:
        for step in steps:
            outcome = step.outcome
            yield render_to_string("azuread_connections/admin/rotate_step.html", {"step": step})
    finally:
        # Also when the browser has left the page: what was done has been done.
        added += connection.credentials.exclude(pk__in=known)
        for each in added:
            page.log_change(request, connection, credential_entries(each))
    before, _marker, after = tail.partition(_CONCLUSION_GOES_HERE)
    yield f"{before}{escape(_conclusion(outcome, is_replaced=bool(added)))}{after}"


def _conclusion(outcome: RotationOutcome, *, is_replaced: bool) -> str:
    if outcome == RotationOutcome.FAILED:
        return gettext("The credential was not rotated. Sign-ins go on with the old one.")
    if outcome == RotationOutcome.WAITING:
        return gettext("It is not finished. Press “Rotate now” again in a minute or two.")
    if not is_replaced:
        return gettext("Done. The connection has the same credentials as before.")
    return gettext(
        "Done. The old credential is kept as a fall-back until rotate_secrets removes it."
    )
