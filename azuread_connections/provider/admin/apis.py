"""APIs: their identifier and scopes, and which clients have been granted some of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.links import link_to
from ..models import API
from .fields import ScopesField

#: The number of clients named on an API's page; the others are counted.
NAMED_CLIENTS = 50


class APIForm(forms.ModelForm):
    scopes = ScopesField(
        label=_("Scopes"),
        required=False,
        help_text=_(
            "One a line: a name without spaces, “=”, and what it means to people, as in "
            "“read:orders = see your orders”. The consent page says the meaning. Without “=”, it "
            "is the name."
        ),
    )

    class Meta:
        model = API
        fields = ["name", "identifier", "scopes", "token_lifetime"]


@admin.register(API)
class APIAdmin(admin.ModelAdmin):
    form = APIForm
    list_display = ("name", "identifier")
    search_fields = ("name", "identifier")
    fields = ("name", "identifier", "scopes", "token_lifetime")
    readonly_fields = ("granted_to", "shown_scopes")

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_fields(self, request: HttpRequest, obj: API | None = None) -> Any:
        if obj is None:
            return list(self.fields)
        may_edit = self.has_change_permission(request, obj)
        scopes = "scopes" if may_edit else "shown_scopes"
        return ["name", "identifier", scopes, "token_lifetime", "granted_to"]

    def get_readonly_fields(self, request: HttpRequest, obj: API | None = None) -> tuple[str, ...]:
        # Tokens carry the identifier, and the API compares it.
        return self.readonly_fields if obj is None else ("identifier", *self.readonly_fields)

    @admin.display(description=_("Scopes"))
    def shown_scopes(self, api: API) -> str:
        return "\n".join(f"{name} = {text}" for name, text in api.scope_descriptions.items()) or "–"

    @admin.display(description=_("Granted to"))
    def granted_to(self, api: API) -> str | SafeString:
        """The clients that can ask for the API for themselves, each with its scopes."""
        grants = api.grants.select_related("client__application")
        named = list(grants.order_by("client__application__name")[: NAMED_CLIENTS + 1])
        rows: list[Any] = [
            (link_to(self.admin_site, grant.client.application), grant.scope or "–")
            for grant in named[:NAMED_CLIENTS]
        ]
        if not rows:
            return gettext("No client yet. Grant it on the page of an application, under APIs.")
        shown = format_html_join("", "<li>{}: <code>{}</code></li>", rows)
        if len(named) > NAMED_CLIENTS:
            more = grants.count() - NAMED_CLIENTS
            text = ngettext("and %(more)d more", "and %(more)d more", more) % {"more": more}
            shown += format_html("<li>{}</li>", text)
        return format_html('<ul class="azuread-list">{}</ul>', shown)
