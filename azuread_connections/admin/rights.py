"""Who may do what on a connection's page, beside Django's four permissions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

MANAGE_SECRET = "azuread_connections.manage_secret"  # noqa: S105  # a permission
CONSENT = "azuread_connections.consent_connection"
SEARCH_DIRECTORY = "azuread_connections.search_directory"
TRY = "azuread_connections.try_connection"
EXPORT = "azuread_connections.export_connection"
CHANGE_CONNECTION = "azuread_connections.change_connection"
VIEW_CONNECTION = "azuread_connections.view_connection"
CHANGE_GROUP = "auth.change_group"


def may(request: HttpRequest, *any_of: str) -> bool:
    """Return whether the user holds one of these permissions."""
    user: Any = request.user
    return any(user.has_perm(permission) for permission in any_of)


def may_see_connection(request: HttpRequest) -> bool:
    return may(request, VIEW_CONNECTION, CHANGE_CONNECTION)


def permissions_held(user: Any) -> set[str] | None:
    """Return what a user may do, or None for somebody who may do anything."""
    if getattr(user, "is_superuser", False):
        return None
    return set(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else set()
