"""The page on which an administrator sets up a connection, and the list of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from ...credentials.addition import add_secret
from ...diagnostics.checklist import checklist
from ...entra.frames import without_frame_variables
from ...login.flows import trial
from ...login.lookup.addresses import callback_urls, frontchannel_logout_url
from ...models import Connection, Credential, Directory, Event
from ..directories import SHOWN_AT_ONCE, decide_one, may_decide, most_urgent, rows
from ..rights import (
    CONSENT,
    EXPORT,
    MANAGE_SECRET,
    SEARCH_DIRECTORY,
    TRY,
    may,
    of_visible_connections,
    visible_connections,
)
from ..widgets.chart import chart
from ..widgets.filters import ApplicationFilter, CredentialStatusFilter
from ..widgets.links import admin_url, as_key, may_open
from . import actions, consent, new_credentials, rotation, users
from .aliases import set_further_domains, shared_domains, unproven_domains
from .credentials import CredentialInline, secret_warnings
from .deletion import consequences_of_deleting
from .form_texts import not_looked_up
from .forms import ConnectionForm
from .groups import GroupMappingInline, lacks_security_groups
from .history import (
    Line,
    Row,
    added_and_removed,
    rows_of,
    secret_change_entries,
    trust_change_entries,
)
from .layout import ConnectionFacts, fieldsets
from .listing import ConnectionColumns, ConnectionList, with_facts

#: A change to one of these can make a domain lead to a second connection.
_ABOUT_DOMAINS = frozenset({"domain", "domain_aliases", "discover_domain"})


@admin.register(Connection)
class ConnectionAdmin(ConnectionColumns, ConnectionFacts):
    form = ConnectionForm
    inlines = [CredentialInline, GroupMappingInline]
    add_form_template = "azuread_connections/admin/connection_form.html"
    change_form_template = "azuread_connections/admin/connection_form.html"
    delete_confirmation_template = "azuread_connections/admin/delete_connection.html"
    delete_selected_confirmation_template = "azuread_connections/admin/delete_connections.html"
    radio_fields = {
        "identity_api": admin.VERTICAL,
        "new_directories": admin.VERTICAL,
        "sync_profile": admin.VERTICAL,
    }
    readonly_fields = (
        "shown_directory",
        "shown_aliases",
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
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

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
        form = context["adminform"].form
        connection: Connection | None = context.get("original")
        context["callback_urls"] = _callback_urls(request)
        context["may_ask_consent"] = may(request, CONSENT)
        if connection is not None:
            context |= self._about(request, connection)
            if form.is_bound:
                # A refused form leaves values in the connection that are not stored.
                context["checklist"] = None
            else:
                context["consent"] = consent.box(request, connection)
        # Bound means refused: say that the password field has come back empty.
        was_typed = "new_secret" in form.fields and form.data.get("new_secret")
        if was_typed and not form.has_error("new_secret"):
            form.add_error("new_secret", gettext("Not kept, for safety: paste it again."))
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        lacking = form.is_bound and lacks_security_groups(formsets)
        if lacking and not form.has_error("security_groups"):
            form.add_error("security_groups", gettext("Group mappings need this option."))
        return super().render_change_form(request, context, *args, **kwargs)

    def _about(self, request: HttpRequest, connection: Connection) -> dict[str, Any]:
        """Return what the page shows of a stored connection around its form."""
        known = most_urgent(connection)
        may_change = self.has_change_permission(request, connection)
        return {
            "directories": rows(self.admin_site, known[:SHOWN_AT_ONCE], connection.tenant_id),
            "more_directories": len(known) > SHOWN_AT_ONCE,
            "directories_url": self._list_of(connection, Directory),
            "events_url": (
                self._list_of(connection, Event)
                if may_open(self.admin_site, request, Event)
                else ""
            ),
            "may_decide": may_decide(self.admin_site, request, connection),
            "is_enabled_nowhere": not connection.applications.exists(),
            "checklist": checklist(connection, trial.open_since(request, connection)),
            "chart": chart(connection.events.all()),
            # Anybody who knows it can end sessions, without an account here.
            "frontchannel_url": (
                frontchannel_logout_url(request, connection) if may_change else ""
            ),
            "is_frontchannel_hidden": not may_change,
            "may_try": may(request, TRY),
            "may_sign_out": may_change,
            "may_search_users": connection.enable_users_api and may(request, SEARCH_DIRECTORY),
        }

    def _list_of(self, connection: Connection, model: type[Model]) -> str:
        """Return the address of the list of a model's rows that belong to a connection."""
        try:
            url = admin_url(self.admin_site, model, "changelist")
        except NoReverseMatch:
            # A custom admin site can lack that page.
            return ""
        return f"{url}?connection={connection.pk}"

    # --- Saving -----------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.found_directory:
            found = gettext("The domain %(domain)s is directory %(directory)s.")
            words = {"domain": obj.domain, "directory": obj.tenant_id}
            self.message_user(request, found % words, messages.SUCCESS)
        elif form.lookup_error:
            self._warn(request, not_looked_up(obj, form.lookup_error))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        connection: Connection = form.instance
        form.rows_before = _rows(form)
        connection.applications.set(form.cleaned_data["enabled_applications"])
        set_further_domains(connection, form.cleaned_data["domain_aliases"])
        form.settle_domains()
        for warning in unproven_domains(connection, form.answers_on_new_aliases):
            self._warn(request, warning)
        if not change or _ABOUT_DOMAINS & set(form.changed_data):
            visible = visible_connections(self.admin_site, request)
            for warning in shared_domains(connection, visible):
                self._warn(request, warning)
        self._keep_typed_secret(request, form)
        self._warn_of_edited_dates(request, formsets)
        if not connection.credentials.exists():
            nobody = gettext("Nobody can sign in with %(name)s until it has a credential.")
            self._warn(request, nobody % {"name": connection.name})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        response = super().response_add(request, obj, post_url_continue)
        return consent.save_and_ask(self, request, obj) or response

    def _keep_typed_secret(self, request: HttpRequest, form: Any) -> None:
        form.kept_secret = None
        # The field is absent for people who may not manage secrets.
        if not form.cleaned_data.get("new_secret"):
            return
        expires_at = form.cleaned_data.get("new_secret_expires")
        addition = add_secret(form.instance, form.cleaned_data["new_secret"], expires_at)
        secret = addition.credential
        form.kept_secret = (secret, addition.is_new)
        if not addition.is_new:
            known = gettext("Client secret %(secret)s is already stored, so none was added.")
            self.message_user(request, known % {"secret": secret}, messages.INFO)
        for warning in secret_warnings(secret, date_was_set=expires_at is not None):
            self._warn(request, warning)

    def _warn_of_edited_dates(
        self, request: HttpRequest, formsets: list[BaseInlineFormSet[Any, Any, Any]]
    ) -> None:
        for formset in formsets:
            if formset.model is not Credential:
                continue
            for secret, _fields in getattr(formset, "changed_objects", []):
                for warning in secret_warnings(secret, date_was_set=True):
                    self._warn(request, warning)

    def _warn(self, request: HttpRequest, message: str) -> None:
        self.message_user(request, message, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Line]:
        """Describe a change for the admin's history, including what is not a field of the model."""
        message = super().construct_change_message(request, form, formsets, add)
        message += trust_change_entries(form.trusted_before, form.instance.tenant_id)
        if form.kept_secret is not None:
            secret, is_new = form.kept_secret
            was_dated = bool(form.cleaned_data.get("new_secret_expires"))
            message += secret_change_entries(secret, is_new=is_new, was_dated=was_dated)
        return message + ([] if add else added_and_removed(form.rows_before, _rows(form)))

    # --- Pages of its own -------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        meta = self.opts
        own = [
            path(
                f"<path:object_id>/{word}/",
                self.admin_site.admin_view(self._page(show)),
                name=f"{meta.app_label}_{meta.model_name}_{word.replace('-', '_')}",
            )
            for word, show in (
                ("consent", consent.ask),
                ("users", users.show),
                ("directories", decide_one),
                ("certificate", new_credentials.certificate),
                ("federated", new_credentials.federated),
                ("cer", new_credentials.download),
                ("rotate", rotation.rotate_now),
                ("check", actions.check),
                ("try", actions.attempt),
                ("sign-out", actions.sign_out),
            )
        ]
        return own + super().get_urls()

    def _page(self, show: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """Make a view from a function of (page, request, connection), for those who may see it."""

        @sensitive_post_parameters(*new_credentials.PRIVATE_PARAMETERS)
        def view(request: HttpRequest, object_id: str) -> HttpResponseBase:
            connection = self._find(request, object_id)
            if not self.has_view_permission(request, connection):
                raise PermissionDenied
            if connection is None:
                raise Http404
            return show(self, request, connection)

        return view

    def _find(self, request: HttpRequest, object_id: str) -> Connection | None:
        found: Connection | None = self.get_object(request, unquote(object_id))
        return found

    # --- Deleting ---------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chosen = Connection._default_manager.filter(pk=as_key(unquote(object_id)) or 0)
        context = {"consequences": consequences_of_deleting(chosen)} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    @admin.action(permissions=["export"], description=_("Export, without secrets"))
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponseBase:
        return actions.export(request, queryset)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, EXPORT)

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponse | None:
        response = delete_selected(self, request, queryset)
        if isinstance(response, TemplateResponse):
            context: Any = response.context_data
            context["consequences"] = consequences_of_deleting(queryset)
        return response


def _rows(form: Any) -> set[Row]:
    connection: Connection = form.instance
    enabled = connection.enabledconnection_set.select_related("connection", "application")
    return rows_of(enabled, connection.aliases.filter(is_primary=False))


def _callback_urls(request: HttpRequest) -> list[str]:
    try:
        return callback_urls(request)
    except NoReverseMatch:
        # The site has not included our URLs yet: a system check and this page report it.
        return []
