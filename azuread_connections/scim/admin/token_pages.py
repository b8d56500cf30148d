"""Pages to create a token, which is shown once on the page that follows, and to remove one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from ...admin.connection.history import added_and_removed
from ...admin.rights import visible_connections
from ...admin.widgets.dates import ExpiryDateField
from ...admin.widgets.links import admin_url
from ...admin.widgets.read_only import ReadOnlyAdmin
from ...models import Connection
from ...models.expiry import day_of
from .. import tokens
from ..addresses import FLAG, base_address
from ..checklist_step import ANCHOR
from ..models import ScimToken
from .rights import may_manage_tokens


class NewTokenForm(forms.Form):
    expires_at = ExpiryDateField(
        label=_("Expires"),
        required=False,
        help_text=_("From this day on (UTC), the token is refused. Empty: it has no end."),
    )

    def clean_expires_at(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now():
            raise ValidationError(_("Enter a day in the future."), code="past")
        return end


@admin.register(ScimToken)
class ScimTokenAdmin(ReadOnlyAdmin):
    """Tokens have no list of their own: a connection's page shows them."""

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("connection/<int:key>/", view(never_cache(self.add)), name=f"{name}_add_to"),
            path("<int:key>/remove/", view(never_cache(self.remove)), name=f"{name}_remove"),
        ]

    @sensitive_variables("value", "context")
    def add(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask for the end of a new token; then create it and show it, this once."""
        connection = self._connection(request, key)
        stored = ScimToken._default_manager.filter(connection=connection)
        newest = str(stored.aggregate(newest=Max("pk"))["newest"] or 0)
        if request.method == "POST" and request.POST.get("newest") != newest:
            # The page that shows a token was loaded again, or somebody else was faster.
            hint = gettext("A token was created meanwhile. Create another only if it is needed.")
            self.message_user(request, hint, messages.WARNING)
            return HttpResponseRedirect(request.path)
        form = NewTokenForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                token, value = tokens.create(
                    connection,
                    expires_at=form.cleaned_data["expires_at"],
                    created_by=request.user.get_username(),
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                self._log(request, connection, added=token)
                context = self._context(request, connection, gettext("The new token"))
                context |= {
                    "value": value,
                    "ends": token.expires_at and day_of(token.expires_at),
                    "base_address": base_address(connection, request),
                    "flag": FLAG,
                }
                return render(request, "azuread_connections/scim/token.html", context)
        context = self._context(request, connection, gettext("Create a token"))
        context |= {"form": form, "newest": newest, "stored": list(stored)}
        return render(request, "azuread_connections/scim/add_token.html", context)

    def remove(self, request: HttpRequest, key: int) -> HttpResponse:
        """Remove a token, after a confirmation."""
        token = ScimToken._default_manager.filter(pk=key).first()
        if token is None:
            raise Http404
        connection = self._connection(request, token.connection_id)
        if request.method != "POST":
            others = ScimToken._default_manager.filter(connection=connection).exclude(pk=key)
            context = self._context(request, connection, gettext("Remove a token"))
            context |= {
                "token": token,
                "is_last": all(each.is_expired() for each in others),
                "is_expired": token.is_expired(),
            }
            return render(request, "azuread_connections/scim/remove_token.html", context)
        name = str(token)
        token.delete()
        self._log(request, connection, removed=name)
        done = gettext("The token %(token)s is removed: it is refused from now on.")
        self.message_user(request, done % {"token": name}, messages.SUCCESS)
        return HttpResponseRedirect(self._page_of(connection))

    def _connection(self, request: HttpRequest, key: int) -> Connection:
        """Return a connection whose tokens the user may manage. One that the user may not see is
        not found."""
        found = visible_connections(self.admin_site, request).filter(pk=key).first()
        if found is None:
            raise Http404
        if not may_manage_tokens(self.admin_site, request, found):
            raise PermissionDenied
        return found

    def _context(self, request: HttpRequest, connection: Connection, title: str) -> dict[str, Any]:
        # The admin's URLs in templates are those of this admin site.
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "opts": Connection._meta,
            "connection": connection,
            "back_url": self._page_of(connection),
            "title": title,
            "media": self.media,
        }

    def _page_of(self, connection: Connection) -> str:
        url = admin_url(self.admin_site, connection, "change", quote(connection.pk))
        return f"{url}#{ANCHOR}"

    def _log(
        self,
        request: HttpRequest,
        connection: Connection,
        *,
        added: ScimToken | None = None,
        removed: str = "",
    ) -> None:
        """Write to the connection's history. The token is named by its first characters."""
        before = {("SCIM token", removed)} if removed else set()
        after = {("SCIM token", str(added))} if added is not None else set()
        lines: Any = added_and_removed(before, after)
        page = ModelAdmin(Connection, self.admin_site)
        page.log_change(request, connection, lines)
