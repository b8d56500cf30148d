"""Admin pages of set-up links: how far each customer has come, and what waits for approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import SetupLink
from ..setup.states import State, in_state
from .rights import may_change_connection, of_visible_connections
from .setup_link_state import render_link_state
from .widgets.dates import short_time
from .widgets.filters import ApplicationKeyFilter, ConnectionFilter
from .widgets.large_lists import LargeListAdmin
from .widgets.links import admin_url, as_key
from .widgets.read_only import ReadOnlyAdmin

#: The ends of the addresses of a link's pages, and the functions that show them.
_PAGES = ("approve", "revoke")


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return in_state(queryset, State(value)) if value in State.values else queryset


class LinkApplicationFilter(ApplicationKeyFilter):
    # Open, as this list's other short filters: unlike connections, applications are few.
    template = admin.SimpleListFilter.template
    field = "applications"


@admin.register(SetupLink)
class SetupLinkAdmin(ReadOnlyAdmin, LargeListAdmin):
    """Links are made by *Invite the customer*, and end by *Approve* and *Revoke*."""

    list_display = ("customer", "shown_applications", "shown_state", "made")
    list_filter = (StateFilter, "purpose", LinkApplicationFilter, ConnectionFilter)
    list_select_related = ("connection",)
    ordering = ("-created_at", "-pk")
    search_fields = ("connection_name", "connection__display_name", "created_by_name", "reference")
    search_help_text = _("Connection, display name, who created it, or reference")
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"
    list_per_page = 20
    actions = None
    change_form_template = "azuread_connections/admin/setup_link.html"
    fields: ClassVar[tuple[str, ...]] = ("reference",)
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css", "azuread_connections/setup_links.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetupLink]:
        links = super().get_queryset(request).prefetch_related("applications")
        return of_visible_connections(self.admin_site, request, links)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SetupLink | None:
        # Not a number, or too long for the database.
        if as_key(object_id) is None:
            return None
        found: SetupLink | None = super().get_object(request, object_id, from_field)
        return found

    # --- Permissions ------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        connection = obj.connection if obj else None
        return super().has_view_permission(request, obj) or may_change_connection(
            self.admin_site, request, connection
        )

    # --- The list ---------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if may_change_connection(self.admin_site, request):
            return (*self.list_display, "shown_revoke")
        return self.list_display

    # Two lines in each column, so that the table fits next to the filters on a small screen.
    @admin.display(description=_("customer"), ordering="connection_name")
    def customer(self, link: SetupLink) -> SafeString:
        name = link.connection_name
        shown = gettext("%(name)s (deleted)") % {"name": name}
        if link.connection is not None:
            shown = link.connection.label
        # Django makes a link of the column, so this is its text.
        return _two_lines(shown, link.get_purpose_display())

    @admin.display(description=_("applications"))
    def shown_applications(self, link: SetupLink) -> str:
        return ", ".join(sorted(each.name for each in link.applications.all())) or "–"

    @admin.display(description=_("state"))
    def shown_state(self, link: SetupLink) -> SafeString:
        used = {"used": link.openings_used, "allowed": link.max_openings}
        return format_html(
            '{} <span class="azuread-note">{}</span> <span class="azuread-note">{} {}</span>',
            render_link_state(link),
            gettext("opened %(used)d of %(allowed)d times") % used,
            gettext("valid until"),
            short_time(link.expires_at),
        )

    @admin.display(description=_("created"), ordering="created_at")
    def made(self, link: SetupLink) -> SafeString:
        by = link.created_by_name or gettext("a command")
        return _two_lines(short_time(link.created_at), by)

    @admin.display(description=_("Revoke"))
    def shown_revoke(self, link: SetupLink) -> SafeString | str:
        if link.connection is None or not link.is_usable:
            return "–"
        return format_html(
            '<a href="{}">{} <span class="visually-hidden">{}</span></a>',
            admin_url(self.admin_site, link, "revoke", link.pk),
            gettext("Revoke"),
            link,
        )

    # --- A link -----------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        meta = self.opts
        own = [
            path(
                f"<path:object_id>/{word}/",
                self.admin_site.admin_view(self._page(word)),
                name=f"{meta.app_label}_{meta.model_name}_{word}",
            )
            for word in _PAGES
        ]
        return own + super().get_urls()

    def _page(self, word: str) -> Callable[[HttpRequest, str], HttpResponse]:
        """Make the view of a page ("approve", "revoke"), for those who may see the link."""

        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            # Here: a process that signs people in needs none of what these pages stand on.
            from . import setup_link_actions

            link = self.get_object(request, object_id)
            if not self.has_view_permission(request, link):
                raise PermissionDenied
            if link is None:
                raise Http404
            show: Callable[..., HttpResponse] = getattr(setup_link_actions, word)
            return show(self, request, link)

        return view

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        from .setup_link_actions import may_decide, may_revoke
        from .setup_link_facts import about

        link: SetupLink = context["original"]
        is_theirs = may_decide(self, request, link)
        context |= about(self.admin_site, request, link) | {
            "title": str(link),
            "subtitle": None,
            "may_approve": is_theirs and link.state == State.FINISHED,
            "may_revoke": is_theirs and may_revoke(link),
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _two_lines(first: str, second: str) -> SafeString:
    return format_html('{} <span class="azuread-note">{}</span>', first, second)
