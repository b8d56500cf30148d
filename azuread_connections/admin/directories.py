"""Admin pages of directories: their list, and the form of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..entra.cloud import PERSONAL_TENANT_ID
from ..models import Connection, Directory
from ..models.directory import refused_are_kept
from ..models.validators import is_guid
from .directory_decisions import decide, may_decide, no_effect
from .directory_facts import (
    render_consent,
    render_grants,
    render_last_let_in,
    render_status,
    with_last_sign_in,
)
from .rights import (
    may_change_connection,
    may_change_only_others,
    may_see_connection,
    of_visible_connections,
    visible_connections,
)
from .widgets.dates import time_ago
from .widgets.filters import ConnectionFilter
from .widgets.large_lists import LargeListAdmin
from .widgets.links import admin_url


class DirectoryForm(forms.ModelForm):
    """``may_change``: whether the user who fills it in may change a connection."""

    may_change: Callable[[Connection], bool]

    class Meta:
        model = Directory
        fields = ["connection", "tenant_id", "domain", "status"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The present status, so that approving an automatically accepted one is a change.
            self.initial["status"] = self.instance.status_today

    def clean_connection(self) -> Connection:
        connection: Connection = self.cleaned_data["connection"]
        if not self.may_change(connection):
            raise ValidationError(
                _("You cannot change this connection, so you cannot add a directory to it."),
                code="beyond",
            )
        return connection

    def clean_tenant_id(self) -> str:
        value: str = self.cleaned_data["tenant_id"].strip().lower()
        if not is_guid(value):
            raise ValidationError(
                _(
                    "Enter the “Tenant ID” from the directory's overview page. It looks like "
                    "aaaabbbb-0000-cccc-1111-dddd2222eeee."
                ),
                code="tenant_guid",
            )
        return value


@admin.register(Directory)
class DirectoryAdmin(LargeListAdmin):
    form = DirectoryForm
    list_display = (
        *("shown_name", "connection", "shown_status", "let_in_by"),
        *("first_seen", "last_seen", "asked"),
    )
    list_select_related = ("connection",)
    list_filter = ("status", "admitted_by", ConnectionFilter)
    search_fields = ("domain", "tenant_id__exact")
    search_help_text = _("Domain, or a whole directory ID")
    empty_value_display = "–"
    autocomplete_fields = ("connection",)
    actions = ["approve", "refuse", "delete_selected"]

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Directory]:
        rows = of_visible_connections(self.admin_site, request, super().get_queryset(request))
        return with_last_sign_in(rows)

    # --- The list ---------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Directory], search_term: str
    ) -> tuple[QuerySet[Directory], bool]:
        # IDs are stored in lower case; Azure and people write them either way.
        return super().get_search_results(request, queryset, search_term.strip().lower())

    @admin.display(description=_("directory"), ordering="domain")
    def shown_name(self, directory: Directory) -> SafeString:
        if not directory.domain:
            return format_html("<code>{}</code>", directory.tenant_id)
        return format_html(
            '{} <code class="azuread-note">{}</code>', directory.domain, directory.tenant_id
        )

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, directory: Directory) -> SafeString:
        return render_status(directory)

    @admin.display(description=_("let in by"), ordering="admitted_by")
    def let_in_by(self, directory: Directory) -> str:
        # For other directories, the history says who decided.
        is_in = directory.status_today == Directory.Status.ALLOWED
        return directory.get_admitted_by_display() if is_in else ""

    @admin.display(description=_("first seen"), ordering="first_seen_at")
    def first_seen(self, directory: Directory) -> str | SafeString:
        return time_ago(directory.first_seen_at, "–")

    @admin.display(description=_("last let in"), ordering="last_seen_at")
    def last_seen(self, directory: Directory) -> str | SafeString:
        return render_last_let_in(directory)

    @admin.display(description=_("consent page"), ordering="consent_returned_at")
    def asked(self, directory: Directory) -> str | SafeString:
        return render_consent(directory)

    @admin.action(permissions=["change"], description=_("Approve the selected directories"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Directory]) -> None:
        self._decide(request, queryset, Directory.Status.ALLOWED)

    @admin.action(permissions=["change"], description=_("Refuse the selected directories"))
    def refuse(self, request: HttpRequest, queryset: QuerySet[Directory]) -> None:
        self._decide(request, queryset, Directory.Status.REFUSED)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Directory], status: Directory.Status
    ) -> None:
        chosen = list(queryset.select_related("connection"))
        # The action is offered to those who may change some connections, so check each of them.
        if not all(self.has_change_permission(request, directory) for directory in chosen):
            raise PermissionDenied
        decide(self, request, chosen, status)

    # --- A directory ------------------------------------------------------------------------

    def get_form(
        self,
        request: HttpRequest,
        obj: Directory | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        # From Python 3.14 on, a plain partial in a class becomes a method.
        may_change = staticmethod(partial(may_change_connection, self.admin_site, request))
        kwargs["form"] = type("DirectoryForm", (self.form,), {"may_change": may_change})
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "connection":
            kwargs["queryset"] = visible_connections(self.admin_site, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Directory | None = None) -> Any:
        fields = ("connection", "tenant_id", "domain", "status")
        if obj is None:
            return fields
        return (
            *fields,
            "let_in_by",
            "first_seen",
            "last_seen",
            "delegated",
            "application",
            "asked",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Directory | None = None) -> Any:
        shown = ("let_in_by", "first_seen", "last_seen", "delegated", "application", "asked")
        # A different ID or connection is a different directory: add it instead.
        return shown if obj is None else ("connection", "tenant_id", *shown)

    @admin.display(description=_("delegated permissions"))
    def delegated(self, directory: Directory) -> str | SafeString:
        return render_grants(directory.delegated_scopes, directory.delegated_since) or "–"

    @admin.display(description=_("application permissions"))
    def application(self, directory: Directory) -> str | SafeString:
        granted = render_grants(directory.application_permissions, directory.application_since)
        return granted or "–"

    def save_model(self, request: HttpRequest, obj: Directory, form: Any, change: bool) -> None:
        if change:
            # Only what was edited: a sign-in may be writing the other columns at this moment.
            obj.save(update_fields=["domain"])
            if "status" in form.changed_data:
                obj.decide(Directory.Status(obj.status))
        else:
            super().save_model(request, obj, form, change)
        is_allowed = obj.status == Directory.Status.ALLOWED
        if obj.tenant_id == PERSONAL_TENANT_ID and is_allowed:
            self.message_user(request, _personal_accounts(obj.connection), messages.WARNING)
        if not obj.connection.use_common_endpoint:
            self.message_user(request, no_effect(), messages.WARNING)

    # --- Deleting: a deleted refused directory could be accepted again ----------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        directory = self.get_object(request, unquote(object_id))
        may_delete = directory is not None and self.has_delete_permission(request, directory)
        if directory is None or not may_delete or directory.status != Directory.Status.REFUSED:
            return super().delete_view(request, object_id, extra_context)
        self.message_user(request, refused_are_kept(1), messages.ERROR)
        return HttpResponseRedirect(
            admin_url(self.admin_site, directory, "change", quote(directory.pk))
        )

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Directory]
    ) -> HttpResponse | None:
        refused = queryset.filter(status=Directory.Status.REFUSED).count()
        if refused:
            self.message_user(request, refused_are_kept(refused), messages.ERROR)
            return None
        return delete_selected(self, request, queryset)

    # --- Permissions: a directory is part of its connection ---------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        connection = obj.connection if obj else None
        return super().has_view_permission(request, obj) or may_see_connection(
            self.admin_site, request, connection
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        # The form checks the chosen connection.
        return may_change_connection(self.admin_site, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        connection = obj.connection if obj else None
        return super().has_delete_permission(request, obj) and not may_change_only_others(
            self.admin_site, request, connection
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_decide(self.admin_site, request, obj.connection if obj else None)


def _personal_accounts(connection: Connection) -> str:
    return gettext(
        "This is the directory of all personal Microsoft accounts, not of an organisation: anybody "
        "in the world can create one, so anybody can now sign in with %(connection)s."
    ) % {"connection": connection}
