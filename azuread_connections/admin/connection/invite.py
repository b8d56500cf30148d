"""Invite the customer: make a set-up link, and show its address once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, router, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_variables

from ...entra.frames import without_frame_variables
from ...models import Connection, SetupLink
from ...setup import links
from ...setup.checklist import open_link, setup_item
from ...setup.invitation import invitation
from ...setup.states import State
from ..rights import may_invite, may_see_connection
from ..setup_link_state import render_link_state
from ..widgets import own_page
from ..widgets.links import admin_url, may_open
from .invite_form import InvitationForm

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Connection]


def invite(page: Page, request: HttpRequest, connection: Connection | None = None) -> HttpResponse:
    """Ask for what a link needs, make it, and show its address: for a connection or a new one.

    The response to the POST is the only place that ever has the address.
    """
    if not may_invite(page.admin_site, request, connection):
        raise PermissionDenied
    earlier = open_link(connection) if connection is not None else None
    form = InvitationForm(
        request.POST if request.method == "POST" else None,
        connection=connection,
        earlier=earlier,
        admin_site=page.admin_site,
    )
    context = _context(page, request, connection) | {"form": form, "earlier": earlier}
    if earlier is not None:
        context["earlier_state"] = render_link_state(earlier)
    if request.method == "POST":
        if form.is_sent_twice(request.user):
            return _sent_twice(page, request, form, context)
        if form.is_valid() and (response := _make(page, request, form, context)):
            return response
    return render(request, "azuread_connections/admin/invite.html", context)


@sensitive_variables()
@without_frame_variables
def _make(
    page: Page, request: HttpRequest, form: InvitationForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Make the link and show it; None if something typed was refused after all."""
    try:
        created = _create(page, request, form)
    except ValidationError as error:
        form.refuse(error)
        return None
    except IntegrityError:
        # Another request was first. If it sent the same form, as a double click does, it has made
        # the link; otherwise it has taken the name of the new connection.
        if form.is_sent_twice(request.user):
            return _sent_twice(page, request, form, context)
        created = _create(page, request, form)
    link, url = created.link, created.address(request)
    names = sorted(each.name for each in link.applications.all())
    mail = invitation(link, url, names)
    context |= {
        "link": link,
        "connection": link.connection,
        "url": url,
        "mail": mail,
        "mailto": mail.mailto(form.cleaned_data["contact_email"]),
        "recipient": form.cleaned_data["contact_email"],
        "link_page": _page_of(page, request, link),
        "may_see_connection": may_see_connection(page.admin_site, request, link.connection),
        "title": gettext("The link for %(name)s") % {"name": _label(link)},
    }
    # Rendered here, not later by Django's handler, whose frames an error report shows.
    return render(request, "azuread_connections/admin/invite_address.html", context)


def _label(link: SetupLink) -> str:
    return link.connection.label if link.connection else link.connection_name


def _create(page: Page, request: HttpRequest, form: InvitationForm) -> links.CreatedLink:
    with transaction.atomic(using=router.db_for_write(SetupLink)):
        created = form.create(request)
        _log(page, request, created.link, is_new=form.connection is None)
    return created


def _log(page: Page, request: HttpRequest, link: SetupLink, *, is_new: bool) -> None:
    """Write the connection's history, which names the link by its reference only."""
    entry = {"added": {"name": gettext_noop("set-up link"), "object": link.reference}}
    connection: Any = link.connection
    if is_new:
        page.log_addition(request, connection, [{"added": {}}, entry])
    else:
        page.log_change(request, connection, [entry])


def _sent_twice(
    page: Page, request: HttpRequest, form: InvitationForm, context: dict[str, Any]
) -> HttpResponse:
    link = form.made_before
    context |= {
        "link": link,
        "state": render_link_state(link),
        "link_page": _page_of(page, request, link),
        "again_url": (
            admin_url(page.admin_site, link.connection, "invite", quote(link.connection.pk))
            if link.connection and may_invite(page.admin_site, request, link.connection)
            else ""
        ),
        "title": gettext("This link was created already"),
    }
    template = "azuread_connections/admin/invite_twice.html"
    return render(request, template, context, status=409)


def _page_of(page: Page, request: HttpRequest, link: SetupLink) -> str:
    """Return the address of a link's page; "" if this site or this user has none."""
    if not may_open(page.admin_site, request, SetupLink):
        return ""
    return admin_url(page.admin_site, link, "change", quote(link.pk))


def _context(page: Page, request: HttpRequest, connection: Connection | None) -> dict[str, Any]:
    title = gettext("Invite the customer") if connection else gettext("Invite a customer")
    return own_page.context(page, request, title, connection) | {"connection": connection}


def box(page: Page, request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """Return what a connection's page shows of its set-up links: the newest open one.

    ``item``: the step of the checklist; None without an open link.
    """
    link = open_link(connection)
    shown: dict[str, Any] = {
        "link": link,
        "item": setup_item(link) if link else None,
        "is_waiting": link is not None and link.state == State.FINISHED,
        "may_invite": may_invite(page.admin_site, request, connection),
        "list_url": "",
    }
    if link is not None:
        shown |= {"state": render_link_state(link), "url": _page_of(page, request, link)}
    if may_open(page.admin_site, request, SetupLink):
        url = admin_url(page.admin_site, SetupLink, "changelist")
        shown["list_url"] = f"{url}?connection={connection.pk}"
    return shown
