"""The Microsoft Graph permissions that a connection's options need. No others are requested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import Connection, Directory

USER_READ = "User.Read"
GROUP_MEMBER_READ_ALL = "GroupMember.Read.All"
USER_READ_ALL = "User.Read.All"


@dataclass(frozen=True)
class Permission:
    """One permission. ``kind``: "delegated" (to the person signing in) or "application"."""

    name: str
    kind: str
    why: str | Promise
    needs_administrator: bool


def permissions_needed(connection: Connection) -> list[Permission]:
    """Return the permissions that have to be granted for the chosen options."""
    needed = []
    if connection.extended_profile or connection.security_groups:
        needed.append(
            Permission(
                USER_READ,
                "delegated",
                _("read the profile and the groups of the person who signs in"),
                needs_administrator=False,
            )
        )
    if connection.security_groups:
        needed.append(
            Permission(
                GROUP_MEMBER_READ_ALL,
                "delegated",
                _("read the names of that person's groups, nested ones included"),
                needs_administrator=True,
            )
        )
    if connection.enable_users_api:
        needed.append(
            Permission(
                USER_READ_ALL,
                "application",
                _("search the directory's users, without a signed-in person"),
                needs_administrator=True,
            )
        )
    return needed


@dataclass(frozen=True)
class Grant:
    """A permission that the options need; ``since``: when its grant was proven, or None."""

    permission: Permission
    since: datetime | None


def grants(connection: Connection) -> list[Grant]:
    """Return the permissions that the options need, with the own directory's grants."""
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    return [Grant(each, _proven_since(own, each)) for each in permissions_needed(connection)]


def unproven_consent(connection: Connection) -> list[str]:
    """Return the permissions of a sign-in that only an administrator can grant, and whose grant in
    the connection's own directory is not known."""
    asked = {
        permission.name
        for permission in permissions_needed(connection)
        if permission.kind == "delegated" and permission.needs_administrator
    }
    if not asked:
        return []
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    return sorted(asked - set(own.delegated_scopes.split() if own else ()))


def delegated_scopes(connection: Connection) -> tuple[str, ...]:
    """Return the Graph scopes that a sign-in requests."""
    return tuple(
        permission.name
        for permission in permissions_needed(connection)
        if permission.kind == "delegated"
    )


def _proven_since(own: Directory | None, permission: Permission) -> datetime | None:
    if own is None:
        return None
    if permission.kind == "delegated":
        return own.delegated_since if permission.name in own.delegated_scopes.split() else None
    proven = permission.name in own.application_permissions.split()
    return own.application_since if proven else None
