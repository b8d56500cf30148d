"""The page of an application and its OAuth client, in place of the core's page of applications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from ...admin import ApplicationAdmin as CoreApplicationAdmin
from ...admin.connection.history import Line, added_and_removed
from ...admin.rights import may
from ...admin.widgets.field_texts import field_texts
from ...models import Application
from ..issuer import issuer
from ..models import LogoutNotice, OAuthClient
from ..models.client import is_public_type
from ..wildcards import listed_wildcards
from . import client_secrets, removal
from .application_form import (
    ACCESS_FIELDS,
    LIFETIME_FIELDS,
    OTHER_FIELDS,
    ROW_FIELDS,
    ClientApplicationForm,
)
from .grants import GrantInline
from .quick_start import examples
from .rights import DELETE, may_edit_client, may_see_client

#: A page of one application: a function of (page, request, application).
Show = Callable[[Any, HttpRequest, Application], HttpResponse]
_CLIENT_CLASS = "azuread-client"
#: The number of wildcards that a warning names.
NAMED_WILDCARDS = 5
_ADDRESSES = frozenset({"allowed_callback_urls", "allowed_logout_urls"})


class ClientFilter(admin.SimpleListFilter):
    title = _("OAuth client")
    parameter_name = "client"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(oauth_client__isnull=self.value() == "no")


class ApplicationAdmin(CoreApplicationAdmin):
    form = ClientApplicationForm
    add_form_template = "azuread_connections/provider/admin_application.html"
    change_form_template = "azuread_connections/provider/admin_application.html"
    list_display = ("name", "slug", "application_type", "shown_client_id", "connection_names")
    list_filter = ("application_type", ClientFilter)
    search_fields = (
        *CoreApplicationAdmin.search_fields,
        "oauth_client__oauth_application__client_id",
    )
    search_help_text = _("Name, slug, client ID or external ID")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        client_id = F("oauth_client__oauth_application__client_id")
        return super().get_queryset(request).annotate(known_client_id=client_id)

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        if may_see_client(request):
            return columns
        return [column for column in columns if column != "shown_client_id"]

    @admin.display(description=_("client ID"), ordering="known_client_id", empty_value="–")
    def shown_client_id(self, application: Any) -> str | SafeString | None:
        client_id = application.known_client_id
        return format_html('<code class="azuread-wrap">{}</code>', client_id) if client_id else None

    # --- The form ---------------------------------------------------------------------------

    def form_facts(self, request: HttpRequest, obj: Application | None) -> dict[str, Any]:
        client = client_of(obj)
        may_edit = self.may_edit(request, obj) and may_edit_client(request, client)
        return super().form_facts(request, obj) | {"client": client, "may_edit_client": may_edit}

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        (basic, *connections, addresses, other) = super().get_fieldsets(request, obj)
        client = client_of(obj)
        if client is not None or obj is None:
            # A client needs its callback URLs.
            addresses = (addresses[0], addresses[1] | {"classes": []})
        if self.may_edit(request, obj) and may_edit_client(request, client):
            names = [] if client else ["is_client"]
            basic = (basic[0], {"fields": [*basic[1]["fields"], *names]})
            return [basic, addresses, *_client_fieldsets(client), *connections, other]
        if client is not None and may_see_client(request):
            shown = (gettext("OAuth client"), {"fields": ["client_settings"]})
            return [basic, addresses, shown, *connections, other]
        return [basic, *connections, addresses, other]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "client_settings")

    @admin.display(description=_("Settings"))
    def client_settings(self, application: Application) -> SafeString:
        """What the client's fields hold, for people who may not change them."""
        client = application.oauth_client
        labels = dict(Application.GrantType.choices)
        ticked = [str(labels.get(name, name)) for name in sorted(client.grant_types)]
        texts: list[tuple[Any, Any]] = [
            (_("Grant types"), ", ".join(ticked) or "–"),
            (_("Web origins"), ", ".join(client.web_origins) or "–"),
        ]
        for name in ROW_FIELDS:
            texts.append((field_texts(OAuthClient, name)["label"], _as_text(getattr(client, name))))
        rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", texts)
        return format_html('<dl class="azuread-profile">{}</dl>', rows)

    def get_inlines(self, request: HttpRequest, obj: Application | None) -> list[Any]:
        inlines = list(super().get_inlines(request, obj))
        return inlines if client_of(obj) is None else [*inlines, GrantInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.new_client = form.save_client()
        form.instance.is_new_client = form.new_client is not None
        was_public = is_public_type(form.initial.get("application_type", ""))
        is_public = is_public_type(form.instance.application_type)
        if form.client is not None and is_public and not was_public:
            self.message_user(request, client_secrets.no_longer_used(), messages.WARNING)
        has_new_address = form.new_client or _ADDRESSES.intersection(form.changed_data)
        is_client = client_of(form.instance) is not None
        if is_client and has_new_address and (warning := _wildcard_warning(form.instance)):
            self.message_user(request, warning, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Line]:
        """Describe a change for the admin's history, with the client that was registered."""
        message = super().construct_change_message(request, form, formsets, add)
        if form.new_client is None:
            return message
        row = (gettext_noop("OAuth client"), form.new_client.client_id)
        return message + added_and_removed(set(), {row})

    # --- What the page shows besides the form -------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        application: Application | None = context.get("original")
        client = client_of(application)
        if application is not None and client is not None and may_see_client(request):
            context |= {
                "client": client,
                "issuer": _issuer(request),
                "secrets": client_secrets.rows(client),
                "may_add_secret": client_secrets.may_add(self, request, application),
                "may_delete_secret": client_secrets.may_delete(self, request, application),
                "may_remove_client": removal.may_remove(self, request, application),
            }
            if context["issuer"]:
                context["examples"] = examples(client, request)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        return super().response_add(self._to_new_client(request, obj), obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return super().response_change(self._to_new_client(request, obj), obj)

    def _to_new_client(self, request: HttpRequest, application: Application) -> HttpRequest:
        """Stay on the page of an application that has just become a client: what its developers
        need stands there."""
        is_new = getattr(application, "is_new_client", False)
        if is_new and "_addanother" not in request.POST:
            posted: Any = request.POST.copy()
            posted["_continue"] = "1"
            request.POST = posted
            hint = gettext("The client ID is below.")
            if not is_public_type(application.application_type):
                hint = gettext("The client ID is below. Now add a client secret.")
            self.message_user(request, hint, messages.INFO)
        return request

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Deleting an application deletes its client, which needs a permission, too. Logout notices
        that wait go with the client: nobody deletes those by themselves."""
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        perms_needed = {*perms_needed} - {str(LogoutNotice._meta.verbose_name)}
        if not may(request, DELETE) and any(client_of(each) for each in objs):
            perms_needed = {*perms_needed, str(OAuthClient._meta.verbose_name)}
        return to_delete, counts, perms_needed, protected

    # --- Pages of its own -------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        meta = self.opts
        pages: list[tuple[str, str, Show]] = [
            ("add-secret", "add_secret", client_secrets.add),
            ("delete-secret", "delete_secret", client_secrets.delete),
            ("remove-client", "remove_client", removal.remove),
        ]
        own = [
            path(
                f"<path:object_id>/{word}/",
                self.admin_site.admin_view(self._page(show)),
                name=f"{meta.app_label}_{meta.model_name}_{name}",
            )
            for word, name, show in pages
        ]
        return own + super().get_urls()

    def _page(self, show: Show) -> Callable[..., HttpResponse]:
        """Make a view from a function of (page, request, application), for a client's page."""

        # No browser stores a page that shows a secret.
        @never_cache
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            application = self.get_object(request, unquote(object_id))
            if not self.has_view_permission(request, application) or not may_see_client(request):
                raise PermissionDenied
            if application is None or client_of(application) is None:
                raise Http404
            return show(self, request, application)

        return view


def client_of(application: Application | None) -> OAuthClient | None:
    """Return the client of a stored application, if it is one."""
    if application is None or application.pk is None:
        return None
    found: OAuthClient | None = getattr(application, "oauth_client", None)
    return found


def _wildcard_warning(application: Application) -> str:
    """Return what an administrator has to know of listed wildcards; "" if there are none."""
    found = listed_wildcards(application)
    if not found:
        return ""
    urls = ", ".join(found[:NAMED_WILDCARDS]) + (" …" if len(found) > NAMED_WILDCARDS else "")
    return gettext(
        "Whoever can put a page on any host that a wildcard lets in can receive people's sign-ins: "
        "%(urls)s. List each address in full where you can."
    ) % {"urls": urls}


def _client_fieldsets(client: OAuthClient | None) -> list[Any]:
    known = [] if client else ["new_client_id"]
    parts = [
        (gettext("OAuth client"), [*known, "grant_types", "web_origins", *ACCESS_FIELDS]),
        (gettext("Lifetimes"), LIFETIME_FIELDS),
        (gettext("Logout, user IDs and metadata"), OTHER_FIELDS),
    ]
    return [(name, {"fields": fields, "classes": [_CLIENT_CLASS]}) for name, fields in parts]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict):
        return ", ".join(f"{name} = {text}" for name, text in value.items()) or "–"
    return str(value) or "–"


def _issuer(request: HttpRequest) -> str:
    try:
        return issuer(request)
    except NoReverseMatch:
        # The site has not included our URLs yet: a system check and this page report it.
        return ""
