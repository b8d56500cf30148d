"""What the admin shows of a directory: in its list, on its page and on its connection's page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Case, QuerySet, Value, When
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..models import Connection, Directory
from .widgets.dates import time_ago
from .widgets.last_sign_in import last_sign_in
from .widgets.links import link_to

#: The number shown on a connection's page; the list of directories has all.
SHOWN_AT_ONCE = 20


def most_urgent(connection: Connection) -> list[Directory]:
    """Return the directories to show on a connection's page: waiting ones first, then the newest.

    Returns one more than ``SHOWN_AT_ONCE`` if there are more.
    """
    waiting_first = Case(When(status=Directory.Status.WAITING, then=Value(0)), default=Value(1))
    known = with_last_sign_in(connection.directories.select_related("connection"))
    rows = known.order_by(waiting_first, "-first_seen_at", "-pk")
    return list(rows[: SHOWN_AT_ONCE + 1])


def with_last_sign_in(directories: QuerySet[Directory]) -> QuerySet[Any]:
    """Add to each row when somebody last signed in with its connection: see ``render_last_let_in``.

    This costs a subquery for each row shown.
    """
    return directories.annotate(connection_signed_in_at=last_sign_in("connection"))


def render_last_let_in(directory: Any) -> str | SafeString:
    """Render when a directory's people were last let in.

    With the common endpoint, this is stored for each directory, at most hourly. Without it, only
    people of the connection's own directory get in, so the connection's last sign-in is used.
    """
    connection: Connection = directory.connection
    last = directory.last_seen_at
    if directory.tenant_id != connection.tenant_id:
        return time_ago(last, gettext("never"))
    if connection.use_common_endpoint:
        # People may have signed in before the common endpoint was on.
        return time_ago(last, "–")
    times = (last, directory.connection_signed_in_at)
    last = max((time for time in times if time is not None), default=None)
    return time_ago(last, gettext("never"))


def render_status(directory: Directory) -> SafeString:
    """Render the status as text with a colour and a sign; the text alone suffices."""
    return format_html(
        '<span class="azuread-state azuread-state-{}">{}</span>',
        directory.status_today,
        directory.status_today.label,
    )


def render_grants(permissions: str, since: Any) -> str | SafeString:
    """Render which permissions are proven, and since when."""
    if not permissions:
        return ""
    names = format_html_join(", ", "<code>{}</code>", ((name,) for name in permissions.split()))
    return format_html("{} ({})", names, time_ago(since, "–"))


def render_consent(directory: Directory) -> str | SafeString:
    """Render when somebody came back from the consent page, and who had sent them."""
    if directory.consent_returned_at is None:
        return "–"
    when = time_ago(directory.consent_returned_at, "–")
    if not directory.consent_asked_by:
        return when
    by = gettext("asked by %(name)s") % {"name": directory.consent_asked_by}
    return format_html("{}, {}", when, by)


def rows(admin_site: AdminSite, directories: Iterable[Directory], own: str) -> list[dict[str, Any]]:
    """Return the rows of a connection's page; ``own`` is the ID of its own directory."""
    return [
        {
            "pk": directory.pk,
            "name": link_to(admin_site, directory, directory.domain),
            "plain_name": directory.domain or directory.tenant_id,
            "is_own": directory.tenant_id == own,
            "status": render_status(directory),
            "first_seen": time_ago(directory.first_seen_at, "–"),
            "last_seen": render_last_let_in(directory),
            "delegated": render_grants(directory.delegated_scopes, directory.delegated_since),
            "application": render_grants(
                directory.application_permissions, directory.application_since
            ),
            "consent": render_consent(directory),
            "may_approve": directory.status_today != Directory.Status.ALLOWED,
            "may_refuse": directory.status != Directory.Status.REFUSED,
        }
        for directory in directories
    ]
