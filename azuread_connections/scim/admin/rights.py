"""Who may see what a directory has sent, and who may make its tokens."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest

from ...admin.rights import (
    MANAGE_SECRET,
    may,
    may_change_connection,
    may_see_connection,
    of_visible_connections,
)
from ...admin.widgets.large_lists import LargeListAdmin
from ...admin.widgets.read_only import ReadOnlyAdmin
from ...models import Connection


def may_manage_tokens(admin_site: AdminSite, request: HttpRequest, connection: Connection) -> bool:
    """Return whether the user may create and remove a connection's tokens, as its credentials."""
    return may(request, MANAGE_SECRET) and may_change_connection(admin_site, request, connection)


class OfConnectionAdmin(ReadOnlyAdmin, LargeListAdmin):
    """Rows of connections, to look at: for whoever may see the connection and this model."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return of_visible_connections(self.admin_site, request, super().get_queryset(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        connection = obj.connection if obj is not None else None
        return super().has_view_permission(request, obj) and may_see_connection(
            self.admin_site, request, connection
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
