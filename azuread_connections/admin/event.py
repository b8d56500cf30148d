"""Read-only admin pages of the sign-in log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..entra.aadsts import explain
from ..login.log.failures import FAILURES
from ..models import Event, Identity
from .event_search import Sight, search_by_index
from .rights import of_visible_connections
from .widgets.chart import chart
from .widgets.dates import short_time
from .widgets.filters import (
    ApplicationKeyFilter,
    ConnectionFilter,
    EventCodeFilter,
    EventKindFilter,
)
from .widgets.large_lists import LargeListAdmin
from .widgets.links import admin_url, link_to, may_open
from .widgets.read_only import ReadOnlyAdmin

#: Length of the list's second line; the event's page has the whole message.
_MAX_SHORT = 160


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin, LargeListAdmin):
    """Events cannot be added, changed or deleted here, so that the log can be trusted."""

    # Two lines per row, so that the table fits next to the filters on a small screen.
    list_display = ("short_time", "what", "where", "short_person", "count")
    list_filter = (
        ("kind", EventKindFilter),
        EventCodeFilter,
        ConnectionFilter,
        ApplicationKeyFilter,
        "created_at",
    )
    ordering = ("-created_at", "-pk")
    # Of what is not found whole, see ``search_by_index``: these read the table.
    search_fields = ("person", "connection_name")
    search_help_text = _(
        "Whole reference, login name, username, connection name or correlation ID: found at once. "
        "Part of a name: slow in a large log. A failed sign-in has no person."
    )
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"
    # What happened and what to do first. A fact that an event does not have is left out.
    facts = (
        "kind",
        "explained",
        "message",
        "is_unconfirmed",
        "shown_person",
        "shown_connection",
        "shown_application",
        "exact_time",
        "reference",
    )
    details = ("code", "aadsts_code", "correlation_id", "trace_id", "address", "count")
    readonly_fields = (*facts, *details)

    change_list_template = "azuread_connections/admin/event_list.html"

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return of_visible_connections(self.admin_site, request, super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        facts = [name for name in self.facts if _has(obj, name)]
        details = [name for name in self.details if _has(obj, name)]
        support = {"fields": details, "classes": ["collapse"]}
        return [(None, {"fields": facts}), (gettext("Codes and IDs"), support)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        sight = Sight(
            of_people=may_open(self.admin_site, request, Identity),
            of_users=may_open(self.admin_site, request, get_user_model()),
        )
        found = search_by_index(queryset, search_term, sight)
        if found is not None:
            return found, False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("time"), ordering="created_at")
    def short_time(self, event: Event) -> SafeString:
        day, _space, time = short_time(event.created_at).partition(" ")
        return format_html('<span class="azuread-nowrap">{}</span> {}', day, time)

    @admin.display(description=_("time"))
    def exact_time(self, event: Event) -> str:
        return short_time(event.created_at)

    @admin.display(description=_("event"), ordering="kind")
    def what(self, event: Event) -> SafeString:
        # People read the words; the tool tip has the code that the docs use.
        words = _in_short(event)
        said = format_html('<span title="{}">{}</span>', event.code, words) if words else ""
        return _two_lines(event.get_kind_display(), said)

    @admin.display(description=_("where"), ordering="connection_name")
    def where(self, event: Event) -> SafeString:
        return _two_lines(event.connection_name or "–", event.application_name)

    @admin.display(description=_("person"), ordering="person")
    def short_person(self, event: Event) -> SafeString:
        return format_html(
            '<span class="azuread-person" title="{}">{}</span>', event.person, event.person
        )

    @admin.display(description=_("what it means, and what to do"))
    def explained(self, event: Event) -> str | SafeString:
        """Explain Microsoft's number, or our own code where there is none."""
        credentials = self._link_to_credentials(event) if event.code == "secret_rejected" else ""
        if event.aadsts_code:
            found = explain(event.aadsts_code)
            return format_html(
                '<p>{}</p><p>{}</p>{}<p>{} <a href="{}" rel="noreferrer">AADSTS{}</a></p>',
                found.meaning,
                found.remedy,
                credentials,
                gettext("Who can fix it: %s.") % found.owner.label,
                found.link,
                event.aadsts_code,
            )
        failure = FAILURES.get(event.code)
        if failure is None:
            return "–"
        return format_html(
            "<p>{}.</p>{}<p>{}</p>",
            failure.meaning,
            credentials,
            gettext("The person sees: “%(title)s. %(advice)s”")
            % {"title": failure.title, "advice": failure.advice},
        )

    def _link_to_credentials(self, event: Event) -> str | SafeString:
        if event.connection is None:
            return ""
        try:
            url = admin_url(self.admin_site, event.connection, "change", quote(event.connection.pk))
        except NoReverseMatch:
            return ""
        return format_html(
            '<p><a href="{}#credentials-group">{}</a></p>',
            url,
            gettext("The credentials of %s") % event.connection.name,
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if not request.GET.get(SEARCH_VAR):
            # The chart covers the whole log: it would only delay a search.
            context["chart"] = chart(
                of_visible_connections(self.admin_site, request, Event._default_manager.all())
            )
        return super().changelist_view(request, context)

    # Linked if the row still exists, else only its name.
    @admin.display(description=_("connection"))
    def shown_connection(self, event: Event) -> str | SafeString:
        return self._named(event.connection, event.connection_name)

    @admin.display(description=_("application"))
    def shown_application(self, event: Event) -> str | SafeString:
        return self._named(event.application, event.application_name)

    @admin.display(description=_("person"))
    def shown_person(self, event: Event) -> str | SafeString:
        return self._named(event.identity, event.person)

    def _named(self, row: Model | None, name: str) -> str | SafeString:
        return name or "–" if row is None else link_to(self.admin_site, row, name)


#: The column whose value a field of the page shows, where their names differ.
_SHOWN = {
    "shown_person": "person",
    "shown_connection": "connection_name",
    "shown_application": "application_name",
    "exact_time": "created_at",
}


def _has(event: Event | None, name: str) -> bool:
    """Return whether the event has this fact, so that its page shows it."""
    if event is None:
        return True
    if name == "explained":
        return bool(event.code or event.aadsts_code)
    return bool(getattr(event, _SHOWN.get(name, name)))


def _in_short(event: Event) -> str:
    """Return the reason in one line: Microsoft's number and its meaning, or our own."""
    if event.aadsts_code:
        words = f"AADSTS{event.aadsts_code}: {explain(event.aadsts_code).meaning}"
    else:
        failure = FAILURES.get(event.code)
        parts = (str(failure.meaning) if failure else event.code, event.message)
        words = Truncator(": ".join(filter(None, parts))).chars(_MAX_SHORT) if parts[0] else ""
    if words and event.is_unconfirmed:
        return gettext("%(words)s (not confirmed by Microsoft)") % {"words": words}
    return words


def _two_lines(first: str, second: str) -> SafeString:
    if not second:
        return format_html("{}", first)
    return format_html('{} <span class="azuread-note">{}</span>', first, second)
