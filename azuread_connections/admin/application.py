"""Admin pages of applications: what users sign in to, and with which connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Application, Connection
from .application_form import ApplicationForm
from .connection.history import Line, Row, added_and_removed, rows_of
from .rights import may_change_connection, may_see_connection, visible_connections

#: The number of connections named in a row of the list; the others are counted.
NAMED_CONNECTIONS = 5


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin):
    form = ApplicationForm
    add_form_template = "azuread_connections/admin/application_form.html"
    change_form_template = "azuread_connections/admin/application_form.html"
    list_display = ("name", "slug", "application_type", "description", "connection_names")
    list_filter: ClassVar[tuple[Any, ...]] = ("application_type",)
    search_fields: ClassVar[tuple[str, ...]] = ("name", "slug", "external_id__exact")
    empty_value_display = "–"
    show_full_result_count = False

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        visible = visible_connections(self.admin_site, request)
        named = visible.order_by("name_key")[:NAMED_CONNECTIONS]
        only_visible = Q(connections__in=visible) if visible.query.where else None
        return (
            super()
            .get_queryset(request)
            .annotate(connection_count=Count("connections", filter=only_visible))
            .prefetch_related(Prefetch("connections", named, to_attr="named"))
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Application | None:
        application: Any = super().get_object(request, object_id, from_field)
        if application is not None:
            visible = visible_connections(self.admin_site, request)
            application.visible_connections = visible.filter(applications=application)
        return application

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        if may_see_connection(self.admin_site, request):
            return columns
        return [column for column in columns if column != "connection_names"]

    @admin.display(description=_("connections"), ordering="connection_count")
    def connection_names(self, application: Any) -> str | SafeString:
        names = ", ".join(connection.name for connection in application.named)
        more = application.connection_count - len(application.named)
        if not more:
            return names or "–"
        return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
            "names": names,
            "more": more,
        }

    # --- Read-only fields -------------------------------------------------------------------

    @admin.display(description=_("Enabled connections"))
    def enabled_for(self, application: Any) -> str:
        return ", ".join(application.visible_connections.values_list("name", flat=True)) or "–"

    @admin.display(description=_("Hosts"))
    def shown_hosts(self, application: Application) -> str:
        return "\n".join(application.hosts) or "–"

    @admin.display(description=_("Allowed Callback URLs"))
    def shown_callback_urls(self, application: Application) -> str:
        return "\n".join(application.allowed_callback_urls) or "–"

    @admin.display(description=_("Allowed Logout URLs"))
    def shown_logout_urls(self, application: Application) -> str:
        return "\n".join(application.allowed_logout_urls) or "–"

    # --- The form ---------------------------------------------------------------------------

    def get_readonly_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> tuple[str, ...]:
        shown = (
            "enabled_for",
            "shown_hosts",
            "shown_callback_urls",
            "shown_logout_urls",
        )
        # Addresses and settings contain the slug, so a change would break them.
        return ("slug", *shown) if obj is not None else shown

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj is not None else {"slug": ("name",)}

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        may_edit = self.may_edit(request, obj)
        basic = ["name", "slug", "description", "application_type"]
        addresses = (
            ["hosts", "allowed_callback_urls", "allowed_logout_urls"]
            if may_edit
            else ["shown_hosts", "shown_callback_urls", "shown_logout_urls"]
        )
        other = ["allow_password_sessions", "external_id"]
        return [
            (None, {"fields": basic}),
            *self._connections(request, may_edit=may_edit),
            (
                gettext("Addresses"),
                {"fields": addresses, "classes": _folded(obj, _ADDRESSES)},
            ),
            (gettext("Other"), {"fields": other, "classes": _folded(obj, other)}),
        ]

    def _connections(self, request: HttpRequest, *, may_edit: bool) -> list[Any]:
        if may_edit and may_change_connection(self.admin_site, request):
            return [(gettext("Connections"), {"fields": ["enabled_connections"]})]
        if may_see_connection(self.admin_site, request):
            return [(gettext("Connections"), {"fields": ["enabled_for"]})]
        return []

    def get_form(
        self,
        request: HttpRequest,
        obj: Application | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[Application]]:
        kwargs["form"] = type("ApplicationForm", (self.form,), self.form_facts(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def form_facts(self, request: HttpRequest, obj: Application | None) -> dict[str, Any]:
        """Return the attributes that the form's class needs for this request."""
        return {
            "admin_site": self.admin_site,
            "visible_connections": visible_connections(self.admin_site, request),
        }

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        application: Application | None = context.get("original")
        if application is not None and not context["adminform"].form.is_bound:
            context["why_no_sign_in"] = application.why_no_sign_in
            if may_see_connection(self.admin_site, request):
                context["is_enabled_for_none"] = not application.connections.exists()
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.rows_before = _rows(form)
        form.instance.set_hosts(form.cleaned_data["hosts"])
        # Enabling decides who gets in with a connection, so it needs the connection's permission.
        if may_change_connection(self.admin_site, request):
            self._enable(request, form.instance, set(form.cleaned_data["enabled_connections"]))

    def _enable(
        self, request: HttpRequest, application: Application, chosen: set[Connection]
    ) -> None:
        enabled = set(application.connections.all())
        # Connections that the user cannot see do not change.
        visible = enabled & set(
            visible_connections(self.admin_site, request).filter(applications=application)
        )
        for connection in chosen ^ visible:
            if not may_change_connection(self.admin_site, request, connection):
                raise PermissionDenied
        application.connections.set(chosen | (enabled - visible))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Line]:
        """Describe a change for the admin's history, with the connections enabled or disabled."""
        message = super().construct_change_message(request, form, formsets, add)
        return message + added_and_removed(form.rows_before, _rows(form))

    def may_edit(self, request: HttpRequest, obj: Application | None) -> bool:
        """Return whether the user may change the application, or add one."""
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)


#: What the fieldset "Addresses" shows, as the model has it.
_ADDRESSES = ("hosts", "allowed_callback_urls", "allowed_logout_urls")


def _folded(application: Application | None, names: Sequence[str]) -> list[str]:
    """Return the classes of a fieldset that is rarely needed: it is closed if nothing is set."""
    is_set = application is not None and any(getattr(application, name) for name in names)
    return [] if is_set else ["collapse"]


def _rows(form: Any) -> set[Row]:
    return rows_of(form.instance.enabledconnection_set.select_related("connection", "application"))
