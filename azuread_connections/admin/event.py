"""The log of sign-ins, to read and never to write."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Event
from .dates import short_time
from .filters import ConnectionFilter, EventCodeFilter


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """Nobody adds, edits or removes a line by hand, or the log would prove nothing."""

    list_display = (
        "short_time",
        "kind",
        "wrapping_code",
        "connection_name",
        "application_name",
        "person",
        "count",
    )
    list_filter = ("kind", EventCodeFilter, ConnectionFilter, "created_at")
    ordering = ("-created_at", "-pk")
    search_fields = ("reference__iexact", "person", "correlation_id__iexact")
    search_help_text = _("Reference, person, or Microsoft's correlation ID")
    # Counting a log of millions for a number that nobody reads takes longer than the page.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = (
        "created_at",
        "kind",
        "code",
        "aadsts_code",
        "message",
        "reference",
        "correlation_id",
        "trace_id",
        "connection",
        "connection_name",
        "application",
        "application_name",
        "identity",
        "person",
        "address",
        "count",
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    @admin.display(description=_("time"), ordering="created_at")
    def short_time(self, event: Event) -> str:
        return short_time(event.created_at)

    @admin.display(description=_("code"), ordering="code")
    def wrapping_code(self, event: Event) -> SafeString:
        # A browser breaks no line at an underscore, and a log has many columns.
        return format_html_join(SafeString("_<wbr>"), "{}", ((w,) for w in event.code.split("_")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("connection", "application", "identity")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
