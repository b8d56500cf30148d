"""The page on which an administrator sets up a connection, and the list of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from ..health.secrets import connection_secret_state
from ..login.addresses import callback_urls
from ..models import ClientSecret, Connection, Identity
from .dates import time_ago
from .deletion import consequences_of_deleting
from .filters import ApplicationFilter, SecretStatusFilter
from .forms import ConnectionForm
from .secrets import (
    StoredSecretInline,
    keep_secret,
    may_manage_secrets,
    render_state,
    secret_warnings,
)


class ConnectionList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        # Here and not in the admin's own queryset: on a page that saves, a prefetched list of
        # secrets would still hold those just removed.
        secrets = ClientSecret._default_manager.defer("value")
        rows = super().get_queryset(request, *args, **kwargs)
        return rows.prefetch_related("applications", Prefetch("secrets", queryset=secrets))


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    form = ConnectionForm
    inlines = [StoredSecretInline]
    add_form_template = "azuread_connections/admin/connection_form.html"
    change_form_template = "azuread_connections/admin/connection_form.html"
    delete_confirmation_template = "azuread_connections/admin/delete_connection.html"
    delete_selected_confirmation_template = "azuread_connections/admin/delete_connections.html"
    radio_fields = {"identity_api": admin.VERTICAL, "sync_profile": admin.VERTICAL}
    readonly_fields = (
        "tenant_id",
        "button_preview",
        "basic_profile",
        "enabled_for",
    )
    list_display = (
        "name",
        "shown_domain",
        "enabled_for",
        "secret_state",
        "last_sign_in",
    )
    list_filter = (
        ("applications", ApplicationFilter),
        SecretStatusFilter,
        "identity_api",
        "show_as_button",
    )
    search_fields = ("name", "display_name", "domain", "client_id")
    search_help_text = _("Name, display name, domain or client ID")
    show_full_result_count = False
    actions = ["delete_selected"]

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

    # --- The list ---------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        # NULL is left out by hand: databases do not agree on where it sorts.
        last_sign_in = (
            Identity._default_manager.filter(
                connection=OuterRef("pk"), last_sign_in_at__isnull=False
            )
            .order_by("-last_sign_in_at")
            .values("last_sign_in_at")[:1]
        )
        return super().get_queryset(request).annotate(last_sign_in_at=Subquery(last_sign_in))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConnectionList

    # The field's own name, as Azure AD's customers know it, is too long for a column.
    @admin.display(description=_("domain"), ordering="domain")
    def shown_domain(self, connection: Connection) -> str:
        return connection.domain

    @admin.display(description=_("applications"))
    def enabled_for(self, connection: Connection) -> str | SafeString:
        names = [application.name for application in connection.applications.all()]
        if names:
            return ", ".join(names)
        return _quiet(gettext("none: nobody can use it"))

    @admin.display(description=_("client secret"))
    def secret_state(self, connection: Connection) -> SafeString:
        return render_state(connection_secret_state(connection.secrets.all()))

    @admin.display(description=_("last sign-in"), ordering="last_sign_in_at")
    def last_sign_in(self, connection: Any) -> str | SafeString:
        return time_ago(connection.last_sign_in_at, _quiet(gettext("never")))

    # --- The form ---------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        may_edit = self._may_edit(request, obj)
        general: list[str] = ["name", "display_name", "logo_url", "button_preview", "domain"]
        if may_edit:
            general.append("trust_directory")
        if obj is not None and obj.tenant_id:
            general.append("tenant_id")
        credentials: dict[str, Any] = {"fields": ["client_id"], "classes": ["azuread-credentials"]}
        if not may_manage_secrets(request):
            credentials["description"] = _quiet(
                gettext(
                    "To add or remove client secrets you need the permission “Can add and remove "
                    "client secrets”."
                )
            )
        elif may_edit:
            credentials["fields"] += ["new_secret", "new_secret_expires"]
        options = ["identity_api", "basic_profile", "sync_profile", "show_as_button"]
        applications = ["enabled_applications" if may_edit else "enabled_for"]
        return [
            (gettext("General"), {"fields": general}),
            (gettext("Credentials"), credentials),
            (gettext("Options"), {"fields": options}),
            (gettext("Applications"), {"fields": applications}),
        ]

    def _may_edit(self, request: HttpRequest, obj: Connection | None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def get_form(
        self,
        request: HttpRequest,
        obj: Connection | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[Connection]]:
        # A field left out of the page would still be read from a forged POST.
        attributes = {
            "may_manage_secrets": may_manage_secrets(request),
            "admin_site": self.admin_site,
        }
        kwargs["form"] = type("ConnectionForm", (self.form,), attributes)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Connection | None) -> Any:
        # A new connection has no stored secrets to show.
        return [] if obj is None else super().get_inlines(request, obj)

    @admin.display(description=_("Button"))
    def button_preview(self, connection: Connection) -> SafeString:
        sentence = gettext("Continue with %(label)s")
        return format_html(
            '<span class="azuread-button" data-azuread-preview data-template="{}">'
            '<img class="azuread-logo" width="20" height="20" alt="" src="{}"'
            ' referrerpolicy="no-referrer"{}>'
            "<span data-azuread-label>{}</span></span>"
            '<span class="azuread-note" data-azuread-logo-failed role="status" hidden>{}</span>',
            sentence % {"label": "{label}"},
            connection.logo_url,
            "" if connection.logo_url else SafeString(" hidden"),
            sentence % {"label": connection.label or "…"},
            gettext("Your browser could not load the logo from this address."),
        )

    @admin.display(description=_("Attributes"))
    def basic_profile(self, connection: Connection) -> SafeString:
        return format_html(
            '<label class="azuread-fixed"><input type="checkbox" checked disabled> {}</label>'
            '<span class="azuread-note">{}</span>',
            gettext("Basic Profile"),
            gettext(
                "Always on: name, given and family name, user name (UPN) and email address, as "
                "far as the directory knows them."
            ),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        context["callback_urls"] = _callback_urls(request)
        # Bound here means refused: a password field comes back empty, which must not go unseen.
        was_typed = "new_secret" in form.fields and form.data.get("new_secret")
        if was_typed and not form.has_error("new_secret"):
            form.add_error("new_secret", gettext("Not kept, for safety: paste it again."))
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Saving -----------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.found_directory:
            found = gettext("%(domain)s is directory %(directory)s.")
            words = {"domain": obj.domain, "directory": obj.tenant_id}
            self.message_user(request, found % words, messages.SUCCESS)
        elif form.lookup_error:
            self._warn(request, _not_looked_up(obj, form.lookup_error))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        connection: Connection = form.instance
        connection.applications.set(form.cleaned_data["enabled_applications"])
        self._keep_typed_secret(request, form)
        self._warn_of_edited_dates(request, formsets)
        if not connection.secrets.exists():
            nobody = gettext("Nobody can sign in with %(name)s until it has a client secret.")
            self._warn(request, nobody % {"name": connection.name})

    def _keep_typed_secret(self, request: HttpRequest, form: Any) -> None:
        form.kept_secret = None
        # Not in the form at all for those who may not manage secrets.
        if not form.cleaned_data.get("new_secret"):
            return
        expires_at = form.cleaned_data.get("new_secret_expires")
        secret, is_new = keep_secret(form.instance, form.cleaned_data["new_secret"], expires_at)
        form.kept_secret = (secret, is_new)
        if not is_new:
            known = gettext("Client secret %(secret)s was stored already, so none was added.")
            self.message_user(request, known % {"secret": secret}, messages.INFO)
        for warning in secret_warnings(secret, date_was_set=expires_at is not None):
            self._warn(request, warning)

    def _warn_of_edited_dates(
        self, request: HttpRequest, formsets: list[BaseInlineFormSet[Any, Any, Any]]
    ) -> None:
        for formset in formsets:
            for secret, _fields in getattr(formset, "changed_objects", []):
                for warning in secret_warnings(secret, date_was_set=True):
                    self._warn(request, warning)

    def _warn(self, request: HttpRequest, message: str) -> None:
        self.message_user(request, message, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, dict[str, Any]]]:
        """Describe a change for the admin's history: a secret by its first characters only."""
        message = super().construct_change_message(request, form, formsets, add)
        if form.kept_secret is not None:
            secret, is_new = form.kept_secret
            # History is stored untranslated, and translated when it is read.
            with override(None):
                name = str(secret._meta.verbose_name)
                done: dict[str, Any] = {"name": name, "object": str(secret)}
                if is_new:
                    message.append({"added": done})
                elif form.cleaned_data.get("new_secret_expires"):
                    message.append({"changed": done | {"fields": ["expires"]}})
        return message

    # --- Deleting ---------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = unquote(object_id)
        chosen = Connection._default_manager.filter(pk__in=[key] if key.isdecimal() else [])
        context = {"consequences": consequences_of_deleting(chosen)} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponse | None:
        response = delete_selected(self, request, queryset)
        if isinstance(response, TemplateResponse):
            context: Any = response.context_data
            context["consequences"] = consequences_of_deleting(queryset)
        return response


def _not_looked_up(connection: Connection, reason: str) -> str:
    if connection.tenant_id:
        message = gettext(
            "Saved, but Microsoft could not be asked about %(domain)s. The connection goes on "
            "trusting directory %(directory)s. %(reason)s"
        )
    else:
        message = gettext(
            "Saved, but Microsoft could not be asked about %(domain)s. Its directory will be "
            "found at the first sign-in. %(reason)s"
        )
    return message % {
        "domain": connection.domain,
        "directory": connection.tenant_id,
        "reason": reason,
    }


def _callback_urls(request: HttpRequest) -> list[str]:
    try:
        return callback_urls(request)
    except NoReverseMatch:
        # A site that has not included our URLs yet is told so by a system check, and here.
        return []


def _quiet(text: str) -> SafeString:
    return format_html('<span class="azuread-quiet">{}</span>', text)
