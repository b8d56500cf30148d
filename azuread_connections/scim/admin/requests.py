"""The log of provisioning requests, and what Entra saw of each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.dates import short_time
from ...admin.widgets.filters import ConnectionFilter
from ...admin.widgets.links import link_to
from ..models import ProvisioningRequest
from ..recent import is_error
from .rights import OfConnectionAdmin

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: RFC 7644 table 9. The list is closed, so that the log need not be scanned.
_SCIM_TYPES = (
    *("invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath"),
    *("noTarget", "invalidValue", "invalidVers", "sensitive"),
)


class _ClosedFilter(admin.SimpleListFilter):
    """A filter whose choices do not depend on the rows."""

    choices_of: tuple[tuple[str, Any], ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return self.choices_of

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value not in dict(self.choices_of):
            return queryset.none()
        return queryset.filter(self.condition(value))

    def condition(self, value: str) -> Q:
        raise NotImplementedError


class MethodFilter(_ClosedFilter):
    title = _("method")
    parameter_name = "method"
    choices_of = tuple((method, method) for method in _METHODS)

    def condition(self, value: str) -> Q:
        return Q(method=value)


class StatusFilter(_ClosedFilter):
    title = _("status")
    parameter_name = "status"
    choices_of = (
        ("2", _("succeeded (2xx)")),
        ("4", _("refused (4xx)")),
        ("5", _("failed here (5xx)")),
    )

    def condition(self, value: str) -> Q:
        return Q(status__gte=int(value) * 100, status__lt=int(value) * 100 + 100)


class ScimTypeFilter(_ClosedFilter):
    title = _("error")
    parameter_name = "scim_type"
    choices_of = tuple((name, name) for name in _SCIM_TYPES)

    def condition(self, value: str) -> Q:
        return Q(scim_type=value)


@admin.register(ProvisioningRequest)
class ProvisioningRequestAdmin(OfConnectionAdmin):
    """Requests cannot be added, changed or deleted here, so that the log can be trusted."""

    list_display = ("short_time", "request", "subject", "outcome", "shown_connection")
    list_filter = (ConnectionFilter, MethodFilter, StatusFilter, ScimTypeFilter, "created_at")
    list_select_related = ("connection",)
    ordering = ("-created_at", "-pk")
    search_fields = ("subject", "path")
    search_help_text = _("Whom or what it was about, or a part of the path")
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("exact_time", "linked_connection", "shown_request", "subject"),
                    *("address", "shown_milliseconds"),
                )
            },
        ),
        (_("What Entra sent"), {"fields": ("sent",)}),
        (_("What Entra received"), {"fields": ("outcome", "scim_type", "detail", "saw")}),
    )
    readonly_fields = (
        *("exact_time", "linked_connection", "shown_request", "subject", "address"),
        *("shown_milliseconds", "sent", "outcome", "scim_type", "detail", "saw"),
    )

    class Media:
        css = {"all": ["azuread_connections/admin.css", "azuread_connections/scim.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProvisioningRequest]:
        rows = super().get_queryset(request)
        is_list = request.resolver_match and str(request.resolver_match.url_name).endswith(
            "_changelist"
        )
        # The bodies are long, and the list does not show them.
        return rows.defer("request_body", "response_body", "detail") if is_list else rows

    @admin.display(description=_("time"), ordering="created_at")
    def short_time(self, row: ProvisioningRequest) -> SafeString:
        day, _space, time = short_time(row.created_at).partition(" ")
        return format_html('<span class="azuread-nowrap">{}</span> {}', day, time)

    @admin.display(description=_("time"))
    def exact_time(self, row: ProvisioningRequest) -> str:
        return short_time(row.created_at)

    @admin.display(description=_("request"))
    def request(self, row: ProvisioningRequest) -> SafeString:
        return format_html(
            '<span class="azuread-person">{} <code>{}</code></span>', row.method, row.path
        )

    @admin.display(description=_("request"))
    def shown_request(self, row: ProvisioningRequest) -> SafeString:
        return format_html('<code class="azuread-wrapped">{} {}</code>', row.method, row.path)

    @admin.display(description=_("answer"), ordering="status")
    def outcome(self, row: ProvisioningRequest) -> SafeString:
        style = "refused" if is_error(row) else "valid"
        words = " ".join(filter(None, (_status(row.status), row.scim_type)))
        return format_html('<span class="azuread-state azuread-state-{}">{}</span>', style, words)

    @admin.display(description=_("connection"), ordering="connection__name_key")
    def shown_connection(self, row: ProvisioningRequest) -> str:
        return row.connection.name

    @admin.display(description=_("connection"))
    def linked_connection(self, row: ProvisioningRequest) -> str | SafeString:
        return link_to(self.admin_site, row.connection, row.connection.name)

    @admin.display(description=_("time needed"))
    def shown_milliseconds(self, row: ProvisioningRequest) -> str:
        return f"{row.milliseconds} ms"

    @admin.display(description=_("body"))
    def sent(self, row: ProvisioningRequest) -> str | SafeString:
        return _body(row.request_body)

    @admin.display(description=_("body"))
    def saw(self, row: ProvisioningRequest) -> str | SafeString:
        return _body(row.response_body)


def _status(status: int) -> str:
    """Return a status with its name: "201 Created"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _body(text: str) -> str | SafeString:
    # It can be focused, so that the keyboard scrolls it.
    return format_html('<pre class="azuread-body" tabindex="0">{}</pre>', text) if text else "–"
