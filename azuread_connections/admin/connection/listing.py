"""The list of connections: its rows, in a fixed number of queries, and its columns."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...credentials.status import connection_credential_state
from ...models import Application, Connection, Credential, Directory, SetupLink
from ...setup.states import in_state
from ..widgets.dates import time_ago
from ..widgets.large_lists import LargeListAdmin
from ..widgets.last_sign_in import last_sign_in
from ..widgets.links import admin_url
from .credentials import render_state


class ConnectionList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        # Not in the admin's own queryset: on a page that saves, a prefetched list would still
        # contain the credentials just removed.
        credentials = Credential._default_manager.only(
            "connection", "kind", "expires_at", "refused_at", "is_unavailable"
        )
        applications = Application._default_manager.only("name")
        rows = super().get_queryset(request, *args, **kwargs)
        return rows.prefetch_related(
            Prefetch("applications", queryset=applications),
            Prefetch("credentials", queryset=credentials),
        )


def with_facts(connections: QuerySet[Connection]) -> QuerySet[Any]:
    """Add to each row ``last_sign_in_at`` and the numbers of what waits for approval: ``waiting``,
    of directories, and ``setups_waiting``, of set-up links."""
    waiting = (
        Directory._default_manager.filter(
            connection=OuterRef("pk"), status=Directory.Status.WAITING
        )
        .order_by()
        .values("connection")
        .annotate(number=Count("pk"))
    )
    finished = in_state(SetupLink._default_manager.all(), SetupLink.State.FINISHED)
    setups = (
        finished.filter(connection=OuterRef("pk"))
        .order_by()
        .values("connection")
        .annotate(number=Count("pk"))
    )
    return connections.annotate(
        last_sign_in_at=last_sign_in("pk"),
        waiting=Subquery(waiting.values("number")),
        setups_waiting=Subquery(setups.values("number")),
    )


class ConnectionColumns(LargeListAdmin):
    # The field's label, “Microsoft Azure AD Domain”, is too long for a column.
    @admin.display(description=_("domain"), ordering="domain")
    def shown_domain(self, connection: Any) -> str | SafeString:
        if not connection.waiting:
            return str(connection.domain)
        words = ngettext(
            "%(number)d directory waiting", "%(number)d directories waiting", connection.waiting
        )
        return format_html(
            '{} <a class="azuread-waiting" href="{}#azuread-directories">{}</a>',
            connection.domain,
            admin_url(self.admin_site, connection, "change", quote(connection.pk)),
            words % {"number": connection.waiting},
        )

    @admin.display(description=_("applications"))
    def enabled_for(self, connection: Any) -> str | SafeString:
        names = [application.name for application in connection.applications.all()]
        shown = ", ".join(names) or quiet(gettext("none: nobody can use it"))
        if not connection.setups_waiting:
            return shown
        return format_html(
            '{} <a class="azuread-waiting" href="{}#azuread-setup-links">{}</a>',
            shown,
            admin_url(self.admin_site, connection, "change", quote(connection.pk)),
            gettext("set-up waits for approval"),
        )

    @admin.display(description=_("client secret"))
    def secret_state(self, connection: Connection) -> SafeString:
        return render_state(connection_credential_state(connection.credentials.all()))

    @admin.display(description=_("last sign-in"), ordering="last_sign_in_at")
    def last_sign_in(self, connection: Any) -> str | SafeString:
        return time_ago(connection.last_sign_in_at, quiet(gettext("never")))


def quiet(text: str) -> SafeString:
    return format_html('<span class="azuread-quiet">{}</span>', text)
