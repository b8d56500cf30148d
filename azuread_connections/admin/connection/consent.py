"""The directory administrator's consent: what is needed, what is granted, how to ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ...login.flows import consent
from ...microsoft.permissions import Permission, grants
from ...models import Connection
from ..rights import CONSENT, may
from ..widgets.dates import short_time, time_ago
from ..widgets.links import admin_url
from .unfinished import back_if_unfinished

#: Where on the connection's page the box is.
ANCHOR = "azuread-consent"


@dataclass(frozen=True)
class Need:
    """A permission that the options need; ``since``: when its grant was proven, or None."""

    permission: Permission
    since: datetime | None

    @property
    def proof(self) -> str | SafeString:
        """Return since when it is proven, in words; "" if it is not."""
        if self.since is None:
            return ""
        return format_html(gettext("confirmed {when}"), when=time_ago(self.since, ""))


@dataclass(frozen=True)
class Box:
    """What the box on a connection's page shows. ``link`` is "" for those who may not ask."""

    needs: list[Need]
    link: str
    good_until: str
    may_ask: bool
    is_unfinished: bool


def box(request: HttpRequest, connection: Connection) -> Box:
    may_ask = may(request, CONSENT) and connection.is_complete
    link = ""
    if may_ask:
        try:
            link = consent.link_for_administrator(request, connection)
        except (NoReverseMatch, ImproperlyConfigured):
            # The system checks and the top of the page report this.
            may_ask = False
    good_until = timezone.now() + timedelta(seconds=consent.LINK_LIFETIME)
    return Box(
        needs(connection),
        link,
        short_time(good_until),
        may_ask,
        is_unfinished=not connection.is_complete,
    )


def needs(connection: Connection) -> list[Need]:
    """Return the permissions that the options need, with the own directory's grants."""
    return [Need(each.permission, each.since) for each in grants(connection)]


def ask(
    page: admin.ModelAdmin[Connection], request: HttpRequest, connection: Connection
) -> HttpResponse:
    """Send the staff member to Microsoft's consent page."""
    if not may(request, CONSENT):
        raise PermissionDenied
    if back := back_if_unfinished(page, request, connection):
        return back
    return consent.begin(request, connection, place(page, connection))


def place(page: admin.ModelAdmin[Connection], connection: Connection) -> str:
    """Return the address of the box on the connection's page."""
    return f"{admin_url(page.admin_site, connection, 'change', quote(connection.pk))}#{ANCHOR}"


def tell_outcome(page: admin.ModelAdmin[Connection], request: HttpRequest, object_id: str) -> None:
    """Show the result of a consent request once, on the page of a connection."""
    outcome: Any = consent.pop_outcome(request)
    if outcome is None:
        return
    message = outcome["message"]
    if str(outcome["connection"]) != object_id:
        # Asked in another tab: say which connection it is about.
        other = Connection._default_manager.filter(pk=outcome["connection"]).first()
        message = format_html("{}: {}", other or "–", message)
    level = messages.SUCCESS if outcome["granted"] else messages.ERROR
    page.message_user(request, message, level)


def save_and_ask(
    page: admin.ModelAdmin[Connection], request: HttpRequest, connection: Connection
) -> HttpResponse | None:
    """Return the redirect of "Save and continue to consent"; None if that was not pressed."""
    if "_consent" not in request.POST or not page.has_view_permission(request, connection):
        return None
    return HttpResponseRedirect(place(page, connection))
