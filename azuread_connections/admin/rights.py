"""Permissions on a connection's page, in addition to Django's four."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

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
ADD_CONNECTION = "azuread_connections.add_connection"
ADD_SETUP_LINK = "azuread_connections.add_setuplink"
#: More permissions than this are counted in a message, not named.
NAMED_PERMISSIONS = 3


def may(request: HttpRequest, *any_of: str) -> bool:
    """Return whether the user holds one of these permissions."""
    user: Any = request.user
    return any(user.has_perm(permission) for permission in any_of)


def may_see_connection(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may see connections, or this one: see ``visible_connections``."""
    if not admin_site.is_registered(Connection):
        return may(request, VIEW_CONNECTION, CHANGE_CONNECTION)
    return admin_site.get_model_admin(Connection).has_view_permission(request, connection)


def may_change_connection(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may change connections, or this one: a site's own admin class can
    limit a user to some of them."""
    if not admin_site.is_registered(Connection):
        return may(request, CHANGE_CONNECTION)
    return admin_site.get_model_admin(Connection).has_change_permission(request, connection)


def may_invite(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may make a set-up link: for this connection, or for a new one.

    Whoever has a link can add a credential and set the directory of its connection, so making one
    needs the permissions for that, too: otherwise a user could invite themselves to do it.
    """
    if not (may(request, ADD_SETUP_LINK) and may(request, MANAGE_SECRET)):
        return False
    if not may_change_connection(admin_site, request, connection):
        return False
    return connection is not None or _may_add_connection(admin_site, request)


def _may_add_connection(admin_site: AdminSite, request: HttpRequest) -> bool:
    if not admin_site.is_registered(Connection):
        return may(request, ADD_CONNECTION)
    return admin_site.get_model_admin(Connection).has_add_permission(request)


def may_change_only_others(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None
) -> bool:
    """Return whether the user may change some connections, but not this one.

    Then the user may not change its directories and identities either, even with a permission for
    that model. For a user who may change no connection at all, that permission alone decides.
    """
    if connection is None or may_change_connection(admin_site, request, connection):
        return False
    return may_change_connection(admin_site, request)


def visible_connections(admin_site: AdminSite, request: HttpRequest) -> QuerySet[Connection]:
    """Return the connections that the user may see, for lists, filters and choice fields.

    A site's own admin class can limit them as in Django: by ``get_queryset``, and by
    ``has_view_permission(request, connection)``, which is called for each of them.
    """
    if not may_see_connection(admin_site, request):
        return Connection._default_manager.none()
    everything: QuerySet[Connection] = Connection._default_manager.all()
    return of_visible_connections(admin_site, request, everything, "pk")


def of_visible_connections(
    admin_site: AdminSite, request: HttpRequest, rows: QuerySet[Any], relation: str = "connection"
) -> QuerySet[Any]:
    """Return the rows whose connection the site's own admin class shows to the user.

    If that class does not limit connections, all rows are returned, also to a user who may read
    them by another permission only. ``relation``: the lookup from a row to its connection.
    """
    if not admin_site.is_registered(Connection):
        return rows
    page = admin_site.get_model_admin(Connection)
    shown = page.get_queryset(request)
    if shown.query.where:
        rows = rows.filter(**{f"{relation}__in": shown.order_by().values("pk")})
    asks_about_each = type(page).has_view_permission is not ModelAdmin.has_view_permission
    if asks_about_each and page.has_view_permission(request):
        seen = [each.pk for each in shown if page.has_view_permission(request, each)]
        rows = rows.filter(**{f"{relation}__in": seen})
    return rows


def permissions_held(user: Any) -> set[str] | None:
    """Return a user's permissions, or None for a superuser, who has all."""
    if getattr(user, "is_superuser", False):
        return None
    return set(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else set()


def named(permissions: list[str]) -> str:
    """Return permissions as text for a message: the first few, and how many more."""
    names = ", ".join(permissions[:NAMED_PERMISSIONS])
    more = len(permissions) - NAMED_PERMISSIONS
    if more <= 0:
        return names
    return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
        "names": names,
        "more": more,
    }
