"""Who may do what on a connection's page, beside Django's four permissions."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from ..models import Connection

MANAGE_SECRET = "azuread_connections.manage_secret"  # noqa: S105  # a permission
CONSENT = "azuread_connections.consent_connection"
SEARCH_DIRECTORY = "azuread_connections.search_directory"
TRY = "azuread_connections.try_connection"
EXPORT = "azuread_connections.export_connection"
CHANGE_CONNECTION = "azuread_connections.change_connection"
VIEW_CONNECTION = "azuread_connections.view_connection"
CHANGE_DIRECTORY = "azuread_connections.change_directory"
CHANGE_GROUP = "auth.change_group"


def may(request: HttpRequest, *any_of: str) -> bool:
    """Return whether the user holds one of these permissions."""
    user: Any = request.user
    return any(user.has_perm(permission) for permission in any_of)


def may_see_connection(request: HttpRequest) -> bool:
    return may(request, VIEW_CONNECTION, CHANGE_CONNECTION)


def may_change_connection(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may change connections, or this one: the site's own page of
    connections may allow somebody a few of them only."""
    if connection is None or not admin_site.is_registered(Connection):
        return may(request, CHANGE_CONNECTION)
    return admin_site.get_model_admin(Connection).has_change_permission(request, connection)


def permissions_held(user: Any) -> set[str] | None:
    """Return what a user may do, or None for somebody who may do anything."""
    if getattr(user, "is_superuser", False):
        return None
    return set(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else set()
