"""The page on which an administrator sets up a connection, and the list of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from ...entra.frames import without_frame_variables
from ...models import Connection
from ..rights import MANAGE_SECRET, may, may_invite, of_visible_connections
from ..widgets.filters import ApplicationFilter, CredentialStatusFilter
from ..widgets.links import as_key
from . import consent
from .credentials import CredentialInline
from .forms import ConnectionForm
from .groups import GroupMappingInline, lacking_options
from .layout import ConnectionFacts, fieldsets
from .listing import ConnectionColumns, ConnectionList, with_facts
from .own_pages import OwnPages
from .saving import ConnectionSaving


@admin.register(Connection)
class ConnectionAdmin(OwnPages, ConnectionSaving, ConnectionColumns, ConnectionFacts):
    form = ConnectionForm
    inlines = [CredentialInline, GroupMappingInline]
    add_form_template = "azuread_connections/admin/connection_form.html"
    change_form_template = "azuread_connections/admin/connection_form.html"
    change_list_template = "azuread_connections/admin/connection_list.html"
    delete_confirmation_template = "azuread_connections/admin/delete_connection.html"
    delete_selected_confirmation_template = "azuread_connections/admin/delete_connections.html"
    radio_fields = {
        "identity_api": admin.VERTICAL,
        "new_directories": admin.VERTICAL,
        "prompt": admin.VERTICAL,
        "sync_profile": admin.VERTICAL,
    }
    readonly_fields = (
        "shown_directory",
        "shown_aliases",
        "shown_proofs",
        "button_preview",
        "basic_profile",
        "governed_fields",
        "enabled_for",
    )
    list_display = ("name", "shown_domain", "enabled_for", "secret_state", "last_sign_in")
    list_filter = (
        ("applications", ApplicationFilter),
        CredentialStatusFilter,
        "identity_api",
        "use_common_endpoint",
        "show_as_button",
    )
    search_fields = ("name", "display_name", "domain", "client_id")
    search_help_text = _("Name, display name, domain or client ID")
    empty_value_display = "–"
    # The rows are what a page costs: with so few, it opens as fast with 100,000 connections as with
    # ten. "Show all" shows up to 200.
    list_per_page = 20
    actions = ["export_selected", "delete_selected"]

    class Media:
        css = {"all": ["azuread_connections/admin.css", "azuread_connections/setup_links.css"]}
        js = ["azuread_connections/admin.js", "azuread_connections/send_once.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return with_facts(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Connection], search_term: str
    ) -> tuple[QuerySet[Connection], bool]:
        # For this list, and for every field that searches connections.
        visible = of_visible_connections(self.admin_site, request, queryset, "pk")
        return super().get_search_results(request, visible, search_term)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConnectionList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_invite": may_invite(self.admin_site, request)} | (extra_context or {})
        return super().changelist_view(request, context)

    # --- The form ---------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        may_edit = (
            self.has_add_permission(request)
            if obj is None
            else self.has_change_permission(request, obj)
        )
        return fieldsets(request, obj, may_edit=may_edit)

    def get_form(
        self,
        request: HttpRequest,
        obj: Connection | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[Connection]]:
        # Otherwise a forged POST could fill in a field that the page does not show.
        attributes = {
            "may_manage_secrets": may(request, MANAGE_SECRET),
            "admin_site": self.admin_site,
        }
        kwargs["form"] = type("ConnectionForm", (self.form,), attributes)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Connection | None) -> Any:
        # A new connection has no stored credentials, and no groups until it reads them.
        return [] if obj is None else super().get_inlines(request, obj)

    # An error while a form is saved is mailed to the site's ADMINS, with the posted data and the
    # variables of each frame.
    @method_decorator(sensitive_post_parameters("new_secret"))
    @method_decorator(without_frame_variables)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Another request stored the same at the same moment, as a double click on "Save" does.
            # Ours was rolled back, and the form now sees the stored row.
            return super().changeform_view(request, *args, **kwargs)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "GET":
            consent.tell_outcome(self, request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        from .surroundings import surroundings  # here, as in own_pages: only this page needs it

        form = context["adminform"].form
        # Bound means refused: say that the password field has come back empty.
        was_typed = "new_secret" in form.fields and form.data.get("new_secret")
        if was_typed and not form.has_error("new_secret"):
            form.add_error("new_secret", gettext("Not kept, for safety: paste it again."))
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        for option, message in lacking_options(formsets).items() if form.is_bound else ():
            if not form.has_error(option):
                form.add_error(option, message)
        # Last: a section with an error is open.
        context |= surroundings(self, request, context)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Deleting ---------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        from .deletion import consequences_of_deleting

        chosen = Connection._default_manager.filter(pk=as_key(unquote(object_id)) or 0)
        context = {"consequences": consequences_of_deleting(chosen)} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    @admin.action(permissions=["export"], description=_("Export, without secrets"))
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponseBase:
        from .actions import export

        return export(request, queryset)

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponse | None:
        from .deletion import consequences_of_deleting

        response = delete_selected(self, request, queryset)
        if isinstance(response, TemplateResponse):
            context: Any = response.context_data
            context["consequences"] = consequences_of_deleting(queryset)
        return response
