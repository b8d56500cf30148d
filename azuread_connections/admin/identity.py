"""The people who have signed in: to look up, and to untie from their user."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Identity
from ..models.validators import is_guid
from .dates import time_ago
from .filters import ConnectionFilter


@admin.register(Identity)
class IdentityAdmin(admin.ModelAdmin):
    """Identities are made by sign-ins. Deleting one unties the person; the user stays."""

    list_display = ("shown_name", "user", "connection", "tenant_id", "last_sign_in")
    list_select_related = ("user", "connection")
    list_filter = (ConnectionFilter,)
    search_fields = ("login_name", "object_id__exact", "tenant_id__exact")
    search_help_text = _("Login name, or a whole object ID or directory ID")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = (
        "login_name",
        "user",
        "connection",
        "cloud",
        "tenant_id",
        "object_id",
        "created_at",
        "last_sign_in_at",
        "shown_profile",
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Identity], search_term: str
    ) -> tuple[QuerySet[Identity], bool]:
        # IDs are stored in lower case; Azure and people write them either way.
        term = search_term.strip()
        return super().get_search_results(
            request, queryset, term.lower() if is_guid(term) else term
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("login name"), ordering="login_name")
    def shown_name(self, identity: Identity) -> str:
        return identity.login_name or identity.object_id

    @admin.display(description=_("last sign-in"), ordering="last_sign_in_at")
    def last_sign_in(self, identity: Identity) -> str | SafeString:
        return time_ago(identity.last_sign_in_at, gettext("never"))

    @admin.display(description=_("profile"))
    def shown_profile(self, identity: Identity) -> str | SafeString:
        if not isinstance(identity.profile, dict) or not identity.profile:
            return "–"
        rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", identity.profile.items())
        return format_html('<dl class="azuread-profile">{}</dl>', rows)
