"""Admin pages of directories: which wait, which are let in, what each has granted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..entra.cloud import PERSONAL_TENANT_ID
from ..models import Connection, Directory
from ..models.directory import refused_are_kept
from ..models.validators import is_guid
from .rights import (
    CHANGE_DIRECTORY,
    may,
    may_change_connection,
    may_change_only_others,
    may_see_connection,
    of_visible_connections,
    visible_connections,
)
from .widgets.dates import time_ago
from .widgets.filters import ConnectionFilter
from .widgets.large_lists import LargeListAdmin
from .widgets.last_sign_in import last_sign_in
from .widgets.links import admin_url, as_key, link_to

#: The number shown on a connection's page; the list of directories has all.
SHOWN_AT_ONCE = 20


def may_decide(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may let in and refuse directories (of one connection, if given)."""
    if may_change_connection(admin_site, request, connection):
        return True
    return may(request, CHANGE_DIRECTORY) and not may_change_only_others(
        admin_site, request, connection
    )


def most_urgent(connection: Connection) -> list[Directory]:
    """Return the directories to show on a connection's page: waiting ones first, then the newest.

    Returns one more than ``SHOWN_AT_ONCE`` if there are more.
    """
    waiting_first = Case(When(status=Directory.Status.WAITING, then=Value(0)), default=Value(1))
    known = with_last_sign_in(connection.directories.select_related("connection"))
    rows = known.order_by(waiting_first, "-first_seen_at", "-pk")
    return list(rows[: SHOWN_AT_ONCE + 1])


def with_last_sign_in(directories: QuerySet[Directory]) -> QuerySet[Any]:
    """Add to each row when somebody last signed in with its connection: see ``render_last_let_in``.

    This costs a subquery for each row shown.
    """
    return directories.annotate(connection_signed_in_at=last_sign_in("connection"))


def render_last_let_in(directory: Any) -> str | SafeString:
    """Render when a directory's people were last let in.

    With the common endpoint, this is stored for each directory, at most hourly. Without it, only
    people of the connection's own directory get in, so the connection's last sign-in is used.
    """
    connection: Connection = directory.connection
    last = directory.last_seen_at
    if directory.tenant_id != connection.tenant_id:
        return time_ago(last, gettext("never"))
    if connection.use_common_endpoint:
        # People may have signed in before the common endpoint was on.
        return time_ago(last, "–")
    times = (last, directory.connection_signed_in_at)
    last = max((time for time in times if time is not None), default=None)
    return time_ago(last, gettext("never"))


def decide(
    page: admin.ModelAdmin[Any],
    request: HttpRequest,
    directories: Iterable[Directory],
    status: Directory.Status,
) -> None:
    """Let in or refuse directories, with an entry in the history of each that changes."""
    changed = [directory for directory in directories if not _is_decided(directory, status)]
    for directory in changed:
        was = directory.status_today.label
        directory.decide(status)
        words = {"was": was, "now": directory.get_status_display()}
        page.log_change(request, directory, gettext("Status: %(now)s (was %(was)s).") % words)
    if status == Directory.Status.ALLOWED:
        done = ngettext("%(n)d directory approved.", "%(n)d directories approved.", len(changed))
    else:
        done = ngettext("%(n)d directory refused.", "%(n)d directories refused.", len(changed))
    page.message_user(request, done % {"n": len(changed)}, messages.SUCCESS)
    if any(not directory.connection.use_common_endpoint for directory in changed):
        page.message_user(request, no_effect(), messages.WARNING)


def _is_decided(directory: Directory, status: Directory.Status) -> bool:
    """Return whether it already has the status. One accepted automatically is not approved."""
    if directory.status != status:
        return False
    by_administrator = directory.admitted_by == Directory.AdmittedBy.ADMINISTRATOR
    return by_administrator or (directory.is_own and status == Directory.Status.ALLOWED)


def decide_one(
    page: admin.ModelAdmin[Any], request: HttpRequest, connection: Connection
) -> HttpResponse:
    """Approve or refuse the one directory whose button was pressed on its connection's page."""
    if not may_decide(page.admin_site, request, connection):
        raise PermissionDenied
    for word, status in (
        ("approve", Directory.Status.ALLOWED),
        ("refuse", Directory.Status.REFUSED),
    ):
        if key := as_key(request.POST.get(word, "")):
            decide(page, request, connection.directories.filter(pk=key), status)
    url = admin_url(page.admin_site, connection, "change", quote(connection.pk))
    return HttpResponseRedirect(f"{url}#azuread-directories")


def no_effect() -> str:
    return gettext(
        "A connection without “Use common endpoint” accepts only people of its own directory, "
        "whatever the status of other directories."
    )


def render_status(directory: Directory) -> SafeString:
    """Render the status as text with a colour and a sign; the text alone suffices."""
    return format_html(
        '<span class="azuread-state azuread-state-{}">{}</span>',
        directory.status_today,
        directory.status_today.label,
    )


def render_grants(permissions: str, since: Any) -> str | SafeString:
    """Render which permissions are proven, and since when."""
    if not permissions:
        return ""
    names = format_html_join(", ", "<code>{}</code>", ((name,) for name in permissions.split()))
    return format_html("{} ({})", names, time_ago(since, "–"))


def render_consent(directory: Directory) -> str | SafeString:
    """Render when somebody came back from the consent page, and who had sent them."""
    if directory.consent_returned_at is None:
        return "–"
    when = time_ago(directory.consent_returned_at, "–")
    if not directory.consent_asked_by:
        return when
    by = gettext("asked by %(name)s") % {"name": directory.consent_asked_by}
    return format_html("{}, {}", when, by)


def rows(admin_site: AdminSite, directories: Iterable[Directory], own: str) -> list[dict[str, Any]]:
    """Return the rows of a connection's page; ``own`` is the ID of its own directory."""
    return [
        {
            "pk": directory.pk,
            "name": link_to(admin_site, directory, directory.domain),
            "plain_name": directory.domain or directory.tenant_id,
            "is_own": directory.tenant_id == own,
            "status": render_status(directory),
            "first_seen": time_ago(directory.first_seen_at, "–"),
            "last_seen": render_last_let_in(directory),
            "delegated": render_grants(directory.delegated_scopes, directory.delegated_since),
            "application": render_grants(
                directory.application_permissions, directory.application_since
            ),
            "consent": render_consent(directory),
            "may_approve": directory.status_today != Directory.Status.ALLOWED,
            "may_refuse": directory.status != Directory.Status.REFUSED,
        }
        for directory in directories
    ]


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
