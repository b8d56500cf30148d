"""Applies the mappings of groups and app roles: who may sign in, and who is in which Django group.

Groups and roles decide independently. A list of groups can be unknown (None): then nothing that
groups give changes. Roles are complete: without the claim, the person has none. Both are compared
in Python, because some databases ignore upper and lower case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
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
    it. ``is_given``: any connection has added the user, by any of their identities. Mappings of
    groups only if the connection reads groups, those of app roles only if it uses them. One query
    at most.
    """
    if not connection.security_groups and not connection.app_roles:
        return []
    grants = GroupGrant.objects.filter(group=OuterRef("group"))
    own = grants.filter(identity=identity, connection=connection) if identity else None
    of_user = grants.filter(identity__user=user.pk) if user is not None else None
    found = connection.group_mappings.annotate(
        has=_membership(user),
        granted=Value(False) if own is None else Exists(own),
        is_given=Value(False) if of_user is None else Exists(of_user),
    )
    return [mapping for mapping in found.order_by() if mapping.applies]


class NotAdmitted(SignInFailed):
    """The person has none of the groups and app roles of which one is required."""

    def __init__(self, detail: str) -> None:
        super().__init__("user_refused", detail=detail)


@dataclass(frozen=True)
class Admitting:
    """The app roles and the IDs of the directory's groups of which a person must have one. Without
    any, everybody may sign in."""

    roles: frozenset[str]
    groups: frozenset[str]

    def are_satisfied_by(self, roles: Collection[str]) -> bool:
        """Return whether a person with these app roles may sign in, whatever their groups."""
        return not (self.roles or self.groups) or not self.roles.isdisjoint(roles)


def admitting_of(mappings: Iterable[GroupMapping]) -> Admitting:
    """Return what lets people in by mappings that apply to their connection."""
    admitting = [mapping for mapping in mappings if mapping.admits]
    return Admitting(
        roles=frozenset(each.role for each in admitting if each.is_role),
        groups=frozenset(each.directory_group_id for each in admitting if not each.is_role),
    )


def check_admission(
    mappings: list[GroupMapping], groups: tuple[Group, ...] | None, roles: Collection[str] = ()
) -> None:
    """Refuse a person who has none of the groups and app roles of which one is required.

    ``groups``: all of a person's groups, or None if they are not known. Raises ``NotAdmitted``, or
    ``SignInFailed`` (``microsoft_unreachable``) if the decision depends on unknown groups.
    """
    admitting = admitting_of(mappings)
    if admitting.are_satisfied_by(roles):
        return
    if admitting.groups and groups is None:
        raise SignInFailed(
            "microsoft_unreachable",
            detail="Membership in a group is required, and the groups could not be read.",
        )
    if admitting.groups.isdisjoint(group.id for group in groups or ()):
        raise NotAdmitted(_lacking(admitting))


def apply(
    identity: Identity,
    mappings: list[GroupMapping],
    groups: tuple[Group, ...] | None,
    roles: Collection[str] = (),
) -> None:
    """Add the user to the Django groups that their groups and app roles are mapped to, and remove
    them from the others.

    A ``GroupGrant`` records what a mapping gave, so that it ends with the tie; a group that the
    user had otherwise gets none. Changes only mapped Django groups; takes away none that a group
    may give whose members are not known. To be called in a transaction, with the mappings of this
    user and identity.
    """
    user: Any = identity.user
    # Of the class, also of a lazy object: the attribute of a user would build a manager.
    if not hasattr(user.__class__, "groups"):
        return
    member_of = None if groups is None else {group.id for group in groups}
    decided, undecided = _divide(mappings, member_of is not None)
    held_roles = set(roles)
    earned = {m.group_id for m in decided if _earns(m, member_of or set(), held_roles)}
    # What an unknown list of groups may give stays as it is, unless a role gives it.
    mapped = [m for m in decided if m.group_id in earned or m.group_id not in undecided]
    held = {m.group_id for m in mapped if m.has}
    if earned - held:
        user.groups.add(*(earned - held))
    if surplus := held - earned:
        user.groups.remove(*surplus)
    granted = {m.group_id for m in mapped if m.granted}
    given = {m.group_id for m in mapped if m.is_given or not m.has}
    _note(identity, mapped, add=(earned & given) - granted, remove=granted - earned)


def _divide(mappings: Iterable[Any], are_groups_known: bool) -> tuple[list[Any], set[int]]:
    """Return the mappings to Django groups that can be decided, and the keys of the Django groups
    of the others."""
    mapped = [mapping for mapping in mappings if mapping.group_id is not None]
    decided = [m for m in mapped if m.is_role or are_groups_known]
    return decided, {m.group_id for m in mapped if not m.is_role and not are_groups_known}


def _earns(mapping: GroupMapping, groups: set[str], roles: set[str]) -> bool:
    return mapping.role in roles if mapping.is_role else mapping.directory_group_id in groups


def _lacking(admitting: Admitting) -> str:
    if not admitting.roles:
        return "They are in no group whose members may sign in."
    if not admitting.groups:
        return "They have no app role that may sign in."
    return "They are in no group and have no app role that may sign in."


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


def stored(
    connection: Connection, groups: Iterable[Group], decisive: Collection[str] = ()
) -> list[dict[str, str]]:
    """Return the groups as the identity stores them, by name, up to the connection's limit.

    ``decisive``: IDs of groups that are kept first: an API asks whether the person is in one.
    """
    by_need = sorted(groups, key=lambda group: (group.id not in decisive, group.name, group.id))
    kept = sorted(by_need[: connection.max_groups], key=lambda group: (group.name, group.id))
    return [{"id": group.id, "name": group.name} for group in kept]


def _membership(user: Any) -> Any:
    if user is None or not hasattr(user, "groups"):
        return Value(False)
    field = user._meta.get_field("groups")
    rows: QuerySet[Any] = field.remote_field.through._default_manager.filter(
        **{field.m2m_field_name(): user.pk, field.m2m_reverse_field_name(): OuterRef("group")}
    )
    return Exists(rows)
