"""Approve and revoke a set-up link, each after a confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Connection, SetupLink
from ..setup import links
from ..setup.readiness import lacking
from ..setup.states import State
from .rights import may_change_connection
from .setup_link_facts import about
from .widgets import own_page
from .widgets.links import admin_url

if TYPE_CHECKING:
    Page = admin.ModelAdmin[SetupLink]


def may_decide(page: Page, request: HttpRequest, link: SetupLink) -> bool:
    """Return whether the user may approve and revoke a link: who may enable its connection."""
    return link.connection is not None and may_change_connection(
        page.admin_site, request, link.connection
    )


def approve(page: Page, request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Enable the link's connection for its applications, if it is still as it was shown."""
    connection = link.connection
    if connection is None or not may_decide(page, request, link):
        raise PermissionDenied
    problems: list[str] = []
    if request.method == "POST":
        try:
            seen = request.POST.get("seen", "")
            is_first = links.approve(link, seen=seen, by=request.user, request=request)
        except links.LinkError as error:
            problems = error.messages
        else:
            if is_first:
                page.log_change(request, link, "Approved.")
            return _approved(page, request, link)
    context = {
        **_context(page, request, link, _("Approve")),
        **about(page.admin_site, request, link),
        "seen": links.fingerprint(link),
        "problems": problems,
        "lacking": lacking(link),
        "is_waiting": link.state == State.FINISHED,
        "possible": _what_becomes_possible(connection),
        "applications": sorted(each.name for each in link.applications.all()),
    }
    template = "azuread_connections/admin/setup_approve.html"
    return TemplateResponse(request, template, context, status=409 if problems else 200)


def _approved(page: Page, request: HttpRequest, link: SetupLink) -> HttpResponse:
    names = ", ".join(sorted(each.name for each in link.applications.all()))
    text = _("%(connection)s is enabled for %(applications)s. People can sign in now.")
    words = {"connection": link.connection_name, "applications": names}
    page.message_user(request, text % words, messages.SUCCESS)
    return _back(page, link)


def revoke(page: Page, request: HttpRequest, link: SetupLink) -> HttpResponse:
    """End a link and the sessions begun with it. What was set up stays."""
    if not may_decide(page, request, link):
        raise PermissionDenied
    if request.method != "POST":
        context = _context(page, request, link, _("Revoke")) | {
            "may_revoke": may_revoke(link),
            "open_sessions": link.sessions.filter(expires_at__gt=timezone.now()).count(),
        }
        return TemplateResponse(request, "azuread_connections/admin/setup_revoke.html", context)
    if links.revoke(link, by=request.user, request=request):
        page.log_change(request, link, "Revoked.")
        text = _("The link is revoked: it opens nothing, and who had opened it is out.")
        page.message_user(request, text, messages.SUCCESS)
    else:
        page.message_user(request, _("The link was revoked already."), messages.INFO)
    return _back(page, link)


def may_revoke(link: SetupLink) -> bool:
    """Return whether there is something to revoke. An approved link can still be read with."""
    return link.is_usable


def _what_becomes_possible(connection: Connection) -> list[str]:
    """Return what enabling the connection lets people do, as sentences."""
    who = (
        _("People of any organisation's directory can sign in, as far as it is let in.")
        if connection.use_common_endpoint
        else _("People of the directory %(directory)s (%(domain)s) can sign in.")
        % {"directory": connection.tenant_id, "domain": connection.domain}
    )
    said = [who]
    if connection.create_users:
        said.append(_("Each person's first sign-in creates a user on this site."))
    else:
        said.append(_("No users are created: only people who have a user here can sign in."))
    if connection.link_by_email:
        said.append(
            _("Existing users whose address is in a verified domain are linked to the person.")
        )
    if connection.allow_guests:
        said.append(_("Guests of the directory can sign in, too."))
    return said


def _context(page: Page, request: HttpRequest, link: SetupLink, title: str) -> dict[str, object]:
    return own_page.context(page, request, title, link) | {"link": link}


def _back(page: Page, link: SetupLink) -> HttpResponse:
    return HttpResponseRedirect(admin_url(page.admin_site, link, "change", quote(link.pk)))
