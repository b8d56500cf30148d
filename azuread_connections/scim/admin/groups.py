"""The groups that directories have reported, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.dates import short_time
from ...admin.widgets.filters import ConnectionFilter
from ...admin.widgets.links import link_to
from ...models.validators import is_guid
from ..models import GroupMember, ProvisionedGroup
from .rights import OfConnectionAdmin

#: Members shown on a group's page.
_MOST_MEMBERS = 50


@admin.register(ProvisionedGroup)
class ProvisionedGroupAdmin(OfConnectionAdmin):
    """Only a directory changes these rows."""

    list_display = ("display_name", "external_id", "members_known", "shown_connection")
    list_filter = (ConnectionFilter,)
    list_select_related = ("connection",)
    search_fields = ("display_name", "external_id__exact")
    search_help_text = _("Display name, or a whole object ID")
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"
    fields = (
        *("display_name", "external_id", "resource_id", "linked_connection"),
        *("members_known", "shown_members", "created", "changed"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProvisionedGroup]:
        # In a subquery, which the database computes for the rows of the page only.
        members = GroupMember._default_manager.filter(group=OuterRef("pk")).order_by()
        counted = members.values("group").annotate(number=Count("pk")).values("number")
        return super().get_queryset(request).annotate(number=Coalesce(Subquery(counted), 0))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProvisionedGroup], search_term: str
    ) -> tuple[QuerySet[ProvisionedGroup], bool]:
        term = search_term.strip()
        term = term.lower() if is_guid(term) else term
        return super().get_search_results(request, queryset, term)

    @admin.display(description=_("members"))
    def members_known(self, group: ProvisionedGroup) -> int:
        number: int = group.number  # type: ignore[attr-defined]  # annotated
        return number

    @admin.display(description=_("who"))
    def shown_members(self, group: ProvisionedGroup) -> str | SafeString:
        found = group.members.select_related("person").order_by("pk")[: _MOST_MEMBERS + 1]
        rows = [
            (link_to(self.admin_site, each.person) if each.person else each.value,)
            for each in found
        ]
        listed = format_html_join("", "<li>{}</li>", rows[:_MOST_MEMBERS])
        more = gettext("and more") if len(rows) > _MOST_MEMBERS else ""
        return format_html('<ul class="azuread-list">{}</ul>{}', listed, more) if rows else "–"

    @admin.display(description=_("connection"), ordering="connection__name_key")
    def shown_connection(self, group: ProvisionedGroup) -> str:
        return group.connection.name

    @admin.display(description=_("connection"))
    def linked_connection(self, group: ProvisionedGroup) -> str | SafeString:
        return link_to(self.admin_site, group.connection, group.connection.name)

    @admin.display(description=_("ID in SCIM"))
    def resource_id(self, group: ProvisionedGroup) -> str:
        return group.scim_id

    @admin.display(description=_("created"))
    def created(self, group: ProvisionedGroup) -> str:
        return short_time(group.created_at)

    @admin.display(description=_("updated"))
    def changed(self, group: ProvisionedGroup) -> str:
        return short_time(group.updated_at)
