"""The people whom directories have reported, to look at."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.dates import short_time
from ...admin.widgets.filters import ConnectionFilter
from ...admin.widgets.links import admin_url, link_to
from ...models.validators import is_guid
from ..models import ProvisionedPerson, ProvisioningRequest
from .rights import OfConnectionAdmin

#: Groups shown on a person's page.
_MOST_GROUPS = 50
_STATES = {
    "active": Q(deleted_at__isnull=True, is_active=True),
    "inactive": Q(deleted_at__isnull=True, is_active=False),
    "deleted": Q(deleted_at__isnull=False),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("active", _("active")),
            ("inactive", _("deactivated")),
            ("deleted", _("deleted")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(_STATES[value]) if value in _STATES else queryset.none()


@admin.register(ProvisionedPerson)
class ProvisionedPersonAdmin(OfConnectionAdmin):
    """Only a directory changes these rows. The identity and the user have pages of their own."""

    # Without the address, which is the user name in most directories: the state must be in sight.
    list_display = ("user_name", "state", "display_name", "linked_user", "shown_connection")
    list_filter = (ConnectionFilter, StateFilter)
    list_select_related = ("connection", "user", "identity")
    search_fields = ("user_name", "email", "external_id__exact")
    search_help_text = _("User name, email address, or a whole object ID")
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"
    fields = (
        *("user_name", "display_name", "email", "state", "external_id", "resource_id"),
        *("linked_connection", "linked_identity", "linked_user", "shown_groups"),
        *("shown_attributes", "created", "changed", "requests"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css", "azuread_connections/scim.css"]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # IDs are stored in lower case; Azure and people write them either way.
        term = search_term.strip()
        term = term.lower() if is_guid(term) else term
        return super().get_search_results(request, queryset, term)

    @admin.display(description=_("state"))
    def state(self, person: ProvisionedPerson) -> SafeString:
        if person.deleted_at is not None:
            style, words = "missing", gettext("deleted")
        elif not person.is_active:
            style, words = "refused", gettext("deactivated")
        else:
            style, words = "valid", gettext("active")
        return format_html('<span class="azuread-state azuread-state-{}">{}</span>', style, words)

    @admin.display(description=_("connection"), ordering="connection__name_key")
    def shown_connection(self, person: ProvisionedPerson) -> str:
        return person.connection.name

    @admin.display(description=_("connection"))
    def linked_connection(self, person: ProvisionedPerson) -> str | SafeString:
        return link_to(self.admin_site, person.connection, person.connection.name)

    @admin.display(description=_("user"))
    def linked_user(self, person: ProvisionedPerson) -> str | SafeString:
        return link_to(self.admin_site, person.user) if person.user is not None else "–"

    @admin.display(description=_("identity"))
    def linked_identity(self, person: ProvisionedPerson) -> str | SafeString:
        return link_to(self.admin_site, person.identity) if person.identity is not None else "–"

    @admin.display(description=_("groups"))
    def shown_groups(self, person: ProvisionedPerson) -> str | SafeString:
        found = person.memberships.select_related("group").order_by("group__display_name_key")
        groups = [membership.group for membership in found[: _MOST_GROUPS + 1]]
        links = format_html_join(
            "", "<li>{}</li>", ((link_to(self.admin_site, each),) for each in groups[:_MOST_GROUPS])
        )
        more = gettext("and more") if len(groups) > _MOST_GROUPS else ""
        return format_html('<ul class="azuread-list">{}</ul>{}', links, more) if groups else "–"

    @admin.display(description=_("further attributes"))
    def shown_attributes(self, person: ProvisionedPerson) -> str | SafeString:
        if not isinstance(person.attributes, dict) or not person.attributes:
            return "–"
        text = json.dumps(person.attributes, indent=2, ensure_ascii=False)
        return format_html('<pre class="azuread-body" tabindex="0">{}</pre>', text)

    @admin.display(description=_("ID in SCIM"))
    def resource_id(self, person: ProvisionedPerson) -> str:
        return person.scim_id

    @admin.display(description=_("created"))
    def created(self, person: ProvisionedPerson) -> str:
        return short_time(person.created_at)

    @admin.display(description=_("updated"))
    def changed(self, person: ProvisionedPerson) -> str:
        return short_time(person.updated_at)

    @admin.display(description=_("requests"))
    def requests(self, person: ProvisionedPerson) -> str | SafeString:
        if not self.admin_site.is_registered(ProvisioningRequest):
            return "–"
        url = admin_url(self.admin_site, ProvisioningRequest, "changelist")
        query = urlencode({"connection": str(person.connection_id), "q": person.user_name})
        return format_html(
            '<a href="{}?{}">{}</a>', url, query, gettext("Requests about this person")
        )
