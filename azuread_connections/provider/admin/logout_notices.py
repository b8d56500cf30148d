"""The logout notices that clients have not confirmed yet."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.dates import short_time
from ...admin.widgets.large_lists import LargeListAdmin
from ...admin.widgets.links import link_to
from ...admin.widgets.read_only import ReadOnlyAdmin
from ..models import LogoutNotice


@admin.register(LogoutNotice)
class LogoutNoticeAdmin(ReadOnlyAdmin, LargeListAdmin):
    """Only to look at: a notice goes when its client confirms it, or after a day.

    The log has the reason why a client was not told.
    """

    list_display = ("client", "state", "attempts", "next_attempt", "written")
    list_select_related = ("client__application",)
    ordering = ("due_at", "pk")
    search_fields = ("client__application__name", "subject__exact", "session_id__exact")
    search_help_text = _("Application, or the whole “sub” or “sid”")
    fields = (
        *("shown_client", "url", "state", "attempts", "next_attempt", "written"),
        *("subject", "session_id"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    @admin.display(description=_("state"))
    def state(self, notice: LogoutNotice) -> SafeString:
        style, text = "unknown", gettext("not sent yet")
        if notice.attempts:
            style, text = "expiring", gettext("not confirmed")
        return format_html('<span class="azuread-state azuread-state-{}">{}</span>', style, text)

    @admin.display(description=_("next attempt"), ordering="due_at")
    def next_attempt(self, notice: LogoutNotice) -> str:
        return short_time(notice.due_at)

    @admin.display(description=_("sign-in ended"), ordering="created_at")
    def written(self, notice: LogoutNotice) -> str:
        return short_time(notice.created_at)

    @admin.display(description=_("application"))
    def shown_client(self, notice: LogoutNotice) -> str | SafeString:
        return link_to(self.admin_site, notice.client.application)

    @admin.display(description=_("back-channel logout URL"))
    def url(self, notice: LogoutNotice) -> str:
        return notice.client.backchannel_logout_uri or "–"
