"""Django groups that follow the directory's groups, by the mappings that sign-ins use.

Mappings of app roles have a part of their own: what a person's role gives stays, whatever becomes
of their groups.

A change of members gives and takes groups at once. Where sign-ins read groups from Graph, a
sign-in's list is complete and decides at that moment; groups that contain groups are known only
there. A ``GroupGrant`` notes what a mapping gave, as at a sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import router
from django.db.models import Exists, OuterRef, Q

from ..models import Connection, GroupGrant, GroupMapping, Identity
from ..models.primary import read_primary
from .models import GroupMember, ProvisionedGroup, ProvisionedPerson

#: Databases limit the parameters of a statement.
BATCH = 500


def give(group: ProvisionedGroup, people: Iterable[int]) -> None:
    """Add these people's users (keys of rows) to the Django groups of a group's mappings."""
    mapped = _mapped_groups(group.connection, group.external_id)
    if not mapped:
        return
    for batch in in_batches(people):
        users = _users_of(batch)
        for django_group in mapped:
            _add(group.connection, django_group, users)


def take(group: ProvisionedGroup, people: Iterable[int]) -> None:
    """Take these people's users out of the Django groups of a group's mappings.

    Except where another group of theirs, or another connection, gives the same. To be called after
    their memberships are deleted.
    """
    mapped = _mapped_groups(group.connection, group.external_id)
    if not mapped:
        return
    for batch in in_batches(people):
        for django_group in mapped:
            losing = _without_other_group(group.connection, django_group, batch)
            _remove(group.connection, django_group, _users_of(losing))


def take_all(group: ProvisionedGroup) -> None:
    """Take all members out of the Django groups that this group gives, before it is deleted or
    gets another object ID."""
    mapped = _mapped_groups(group.connection, group.external_id)
    if not mapped:
        return
    for batch in in_batches(_member_keys(group)):
        for django_group in mapped:
            losing = _without_other_group(group.connection, django_group, batch, but=group)
            _remove(group.connection, django_group, _users_of(losing))


def give_all_members(group: ProvisionedGroup) -> None:
    """Add all members to the Django groups of a group's mappings."""
    give(group, _member_keys(group))


def give_all(person: ProvisionedPerson) -> None:
    """Add a person's user to the Django groups of all groups that the person is in."""
    if not _applies(person.connection) or person.identity_id is None:
        return
    groups = ProvisionedGroup._default_manager.filter(
        members__person=person, external_id__isnull=False
    )
    mappings = person.connection.group_mappings.filter(
        directory_group_id__in=groups.order_by().values("external_id"), group__isnull=False
    )
    users: dict[Any, int] = {person.user_id: person.identity_id}
    for django_group in read_primary(Group).filter(pk__in=mappings.values("group")):
        _add(person.connection, django_group, users)


def in_batches(keys: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _applies(connection: Connection) -> bool:
    return connection.security_groups and hasattr(get_user_model(), "groups")


def _mapped_groups(connection: Connection, external_id: str | None) -> list[Group]:
    """Return the Django groups that a directory's group is mapped to. Usually there is none."""
    if not external_id or not _applies(connection):
        return []
    mappings = GroupMapping._default_manager.filter(
        connection=connection, directory_group_id=external_id, group__isnull=False
    )
    return list(read_primary(Group).filter(pk__in=mappings.values("group")))


def _member_keys(group: ProvisionedGroup) -> Iterator[int]:
    """Yield the keys of a group's people, a page at a time: MariaDB streams nothing."""
    last = 0
    members = group.members.filter(person__isnull=False).order_by("pk")
    while page := list(members.filter(pk__gt=last).values_list("pk", "person")[:BATCH]):
        last = page[-1][0]
        yield from (person for _key, person in page)


def _users_of(people: list[int]) -> dict[Any, int]:
    """Return the users of people, each with the key of their identity."""
    rows = ProvisionedPerson._default_manager.filter(
        pk__in=people, identity__isnull=False, deleted_at=None
    )
    return dict(rows.values_list("identity__user", "identity"))


def _without_other_group(
    connection: Connection,
    django_group: Group,
    people: list[int],
    but: ProvisionedGroup | None = None,
) -> list[int]:
    """Return the people to whom no other directory group, and no role, gives a Django group."""
    giving = GroupMapping._default_manager.filter(
        connection=connection,
        group=django_group,
        directory_group_id=OuterRef("group__external_id"),
    )
    others = GroupMember._default_manager.filter(
        Exists(giving), person__in=people, group__connection=connection
    )
    if but is not None:
        others = others.exclude(group=but)
    kept = set(others.values_list("person", flat=True))
    kept |= _with_role(connection, django_group, people)
    return [key for key in people if key not in kept]


def _with_role(connection: Connection, django_group: Group, people: list[int]) -> set[int]:
    """Return the people who had an app role, at their last sign-in, that is mapped to a Django
    group. Roles from a sign-in with another connection mean something else."""
    if not connection.app_roles:
        return set()
    mappings = connection.group_mappings.filter(group=django_group).exclude(role="")
    giving = set(mappings.values_list("role", flat=True))
    if not giving:
        return set()
    rows = ProvisionedPerson._default_manager.filter(
        pk__in=people, identity__connection=connection
    ).values_list("pk", "identity__roles")
    # In Python: databases compare texts in JSON, and upper and lower case, each in its way.
    return {key for key, roles in rows if isinstance(roles, list) and giving & _texts(roles)}


def _texts(values: list[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str)}


def _add(connection: Connection, django_group: Group, users: dict[Any, int]) -> None:
    if not users:
        return
    held = _held(django_group, users)
    given = set(
        _grants()
        .filter(group=django_group, identity__user__in=held)
        .values_list("identity__user", flat=True)
    )
    new = users.keys() - held
    _change(django_group, new, is_added=True)
    _grants().bulk_create(
        [
            GroupGrant(identity_id=users[user], connection=connection, group=django_group)
            for user in new | given
        ],
        ignore_conflicts=True,
    )


def _remove(connection: Connection, django_group: Group, users: dict[Any, int]) -> None:
    if not users:
        return
    own = Q(connection=connection, identity__in=list(users.values()))
    _grants().filter(own, group=django_group).delete()
    others = _grants().filter(group=django_group, identity__user__in=list(users))
    losing = users.keys() - set(others.values_list("identity__user", flat=True))
    _change(django_group, losing, is_added=False)


def _held(django_group: Group, users: Iterable[Any]) -> set[Any]:
    """Return the users who are in a Django group."""
    field: Any = get_user_model()._meta.get_field("groups")
    rows = field.remote_field.through._default_manager.using(_alias()).filter(
        **{
            f"{field.m2m_field_name()}__in": list(users),
            field.m2m_reverse_field_name(): django_group,
        }
    )
    return set(rows.values_list(field.m2m_field_name(), flat=True))


def _change(django_group: Group, users: Iterable[Any], *, is_added: bool) -> None:
    """Add users to a Django group, or remove them. ``m2m_changed`` is sent."""
    keys = list(users)
    if not keys:
        return
    user_model: Any = get_user_model()
    accessor = user_model._meta.get_field("groups").remote_field.get_accessor_name()
    if accessor:
        members = getattr(django_group, accessor)
        members.add(*keys) if is_added else members.remove(*keys)
        return
    for user in user_model._default_manager.using(_alias()).filter(pk__in=keys):
        user.groups.add(django_group) if is_added else user.groups.remove(django_group)


def _grants() -> Any:
    return GroupGrant.objects.using(_alias())


def _alias() -> str:
    return router.db_for_write(Identity)
