"""Applies group mappings: who may sign in, and who is in which Django group."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, QuerySet, Value

from ...entra.graph import Group
from ...models import Connection, GroupGrant, GroupMapping, Identity
from ..log.failures import SignInFailed


def mappings_of(
    connection: Connection, user: Any = None, identity: Identity | None = None
) -> list[GroupMapping]:
    """Return a connection's mappings, each annotated about its Django group.

    ``has``: the user is in it now. ``granted``: this connection has added the identity's user to
    it. ``is_given``: any connection has added the user, by any of their identities. One query, and
    none if the connection reads no groups.
    """
    if not connection.security_groups:
        return []
    grants = GroupGrant.objects.filter(group=OuterRef("group"))
    own = grants.filter(identity=identity, connection=connection) if identity else None
    of_user = grants.filter(identity__user=user.pk) if user is not None else None
    return list(
        connection.group_mappings.annotate(
            has=_membership(user),
            granted=Value(False) if own is None else Exists(own),
            is_given=Value(False) if of_user is None else Exists(of_user),
        ).order_by()
    )


def check_admission(mappings: list[GroupMapping], groups: tuple[Group, ...] | None) -> None:
    """Refuse a person who is in none of the groups of which one is required.

    ``groups``: all of a person's groups, or None if they are not known. Raises ``SignInFailed``:
    ``user_refused``, or ``microsoft_unreachable`` if the groups are not known.
    """
    admitting = {mapping.directory_group_id for mapping in mappings if mapping.admits}
    if not admitting:
        return
    if groups is None:
        raise SignInFailed(
            "microsoft_unreachable",
            detail="Membership in a group is required, and the groups could not be read.",
        )
    if admitting.isdisjoint(group.id for group in groups):
        raise SignInFailed("user_refused", detail="They are in no group whose members may sign in.")


def apply(
    identity: Identity, mappings: list[GroupMapping], groups: tuple[Group, ...] | None
) -> None:
    """Add the user to the Django groups that their groups are mapped to, and remove from others.

    A ``GroupGrant`` records what a mapping gave, so that it ends with the tie; a group that the
    user had otherwise gets none. Changes only mapped groups, and nothing on an incomplete list. To
    be called in a transaction, with the mappings of this user and identity.
    """
    user: Any = identity.user
    if groups is None or not hasattr(user, "groups"):
        return
    member_of = {group.id for group in groups}
    mapped: list[Any] = [mapping for mapping in mappings if mapping.group_id is not None]
    earned = {m.group_id for m in mapped if m.directory_group_id in member_of}
    held = {m.group_id for m in mapped if m.has}
    if earned - held:
        user.groups.add(*(earned - held))
    if surplus := held - earned:
        user.groups.remove(*surplus)
    granted = {m.group_id for m in mapped if m.granted}
    given = {m.group_id for m in mapped if m.is_given or not m.has}
    _note(identity, mapped, add=(earned & given) - granted, remove=granted - earned)


def _note(identity: Identity, mapped: list[Any], *, add: set[int], remove: set[int]) -> None:
    """Record the groups that this sign-in has given or taken. Usually there are none."""
    if not add and not remove:
        return
    grants = GroupGrant.objects.using(router.db_for_write(GroupGrant))
    connection = mapped[0].connection_id
    if remove:
        grants.filter(identity=identity, connection=connection, group__in=remove).delete()
    grants.bulk_create(
        [GroupGrant(identity=identity, connection_id=connection, group_id=key) for key in add],
        ignore_conflicts=True,
    )


def stored(connection: Connection, groups: tuple[Group, ...]) -> list[dict[str, str]]:
    """Return the groups as the identity stores them, up to the connection's limit."""
    by_name = sorted(groups, key=lambda group: (group.name, group.id))
    return [{"id": group.id, "name": group.name} for group in by_name[: connection.max_groups]]


def _membership(user: Any) -> Any:
    if user is None or not hasattr(user, "groups"):
        return Value(False)
    field = user._meta.get_field("groups")
    rows: QuerySet[Any] = field.remote_field.through._default_manager.filter(
        **{field.m2m_field_name(): user.pk, field.m2m_reverse_field_name(): OuterRef("group")}
    )
    return Exists(rows)
