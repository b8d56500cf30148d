"""Groups of SCIM: created, read, replaced, patched and deleted, with what follows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import router
from django.db.models import Count, Q, QuerySet

from ..models import Connection
from . import dialect, group_patch, members, reading, rights
from .errors import ScimError
from .group_patch import ColumnChange, MemberChange
from .models import GroupMember, ProvisionedGroup
from .models.keys import external_key, normalize_external_id, text_key
from .people import not_found
from .schemas import CORE_GROUP
from .storage import store

#: Members in one response. A page of groups ends before it, but has one group at least.
MAX_MEMBERS = 50_000
#: A changed group with more members is not sent back: 204 (RFC 7644 section 3.5.2).
_MAX_ECHOED = 1000
_COLUMNS = {"displayName": "display_name", "externalId": "external_id"}


def groups_of(connection: Connection) -> QuerySet[ProvisionedGroup]:
    return _rows().filter(connection=connection)


def find(connection: Connection, key: str) -> ProvisionedGroup:
    """Return a group by the ID that this service gave. Raises ``ScimError`` (404)."""
    group = groups_of(connection).filter(scim_id=key).first()
    if group is None or group.scim_id != key:
        raise not_found("Group", key)
    group.connection = connection
    return group


def create(connection: Connection, content: dict[str, Any]) -> ProvisionedGroup:
    """Store a group. Raises ``ScimError`` (``uniqueness``) for a known object ID."""
    resource, values = _read(content)

    def stored(is_last: bool) -> ProvisionedGroup:
        group = ProvisionedGroup(connection=connection)
        _set(group, "displayName", resource.display_name or "")
        _set(group, "externalId", resource.external_id or "")
        _require_unique(group)
        group.save(force_insert=True)
        members.add(group, values)
        return group

    return store(stored, _describe_clash)


def replace(connection: Connection, key: str, content: dict[str, Any]) -> ProvisionedGroup:
    resource, values = _read(content)
    return _change(
        connection,
        key,
        [
            ColumnChange("displayName", resource.display_name or ""),
            ColumnChange("externalId", resource.external_id or ""),
            MemberChange("replace", values),
        ],
    )


def patch(connection: Connection, key: str, content: dict[str, Any]) -> ProvisionedGroup:
    return _change(connection, key, group_patch.changes(dialect.operations(content)))


def delete(connection: Connection, key: str) -> ProvisionedGroup:
    """Delete a group. The rights that it gave end."""

    def deleted(is_last: bool) -> ProvisionedGroup:
        group = _lock(connection, key)
        rights.take_all(group)
        group.delete()
        return group

    return store(deleted)


def resource_of(group: ProvisionedGroup, values: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the attributes of a group without ``meta``; without members if ``values`` is None."""
    found: dict[str, Any] = {
        "schemas": [CORE_GROUP],
        "id": group.scim_id,
        "displayName": group.display_name,
    }
    if group.external_id:
        found["externalId"] = group.external_id
    listed = [{"value": value} for value in values or ()]
    if listed:
        found["members"] = listed
    return found


def values_of(groups: list[ProvisionedGroup]) -> dict[int, list[str]]:
    """Return the members of groups by the groups' keys, in one query."""
    found: dict[int, list[str]] = {group.pk: [] for group in groups}
    rows = GroupMember._default_manager.filter(group__in=list(found)).order_by("pk")
    for group, value in rows.values_list("group", "value"):
        found[group].append(value)
    return found


def within_limit(groups: list[ProvisionedGroup]) -> list[ProvisionedGroup]:
    """Return the first of these groups, as many as have not too many members together."""
    counts = dict(
        GroupMember._default_manager.filter(group__in=groups)
        .order_by()
        .values("group")
        .annotate(number=Count("pk"))
        .values_list("group", "number")
    )
    total = 0
    fitting: list[ProvisionedGroup] = []
    for group in groups:
        total += counts.get(group.pk, 0)
        if fitting and total > MAX_MEMBERS:
            break
        fitting.append(group)
    return fitting


def echoed_values(group: ProvisionedGroup) -> list[str] | None:
    """Return a changed group's members; None if they are too many to be sent back."""
    # Sorted here: a database would sort all members of a large group for the first few.
    rows = list(group.members.order_by().values_list("pk", "value")[: _MAX_ECHOED + 1])
    return None if len(rows) > _MAX_ECHOED else [value for _, value in sorted(rows)]


def _read(content: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    resource = reading.read_group(dialect.group_resource(content))
    listed = [{"value": member.value} for member in resource.members or ()]
    return resource, group_patch.member_values(listed, "members")


def _change(
    connection: Connection, key: str, changes: list[group_patch.Change]
) -> ProvisionedGroup:
    def changed(is_last: bool) -> ProvisionedGroup:
        group = _lock(connection, key)
        former = group.external_id
        columns = [change for change in changes if isinstance(change, ColumnChange)]
        for column in columns:
            _set(group, column.name, column.value)
        if columns:
            _require_unique(group)
            if former != group.external_id:
                _move_rights(group, former)
        # Also where only members changed: ``meta.lastModified``.
        group.save()
        for change in changes:
            if isinstance(change, MemberChange):
                getattr(members, change.kind)(group, change.values)
        return group

    return store(changed, _describe_clash)


def _move_rights(group: ProvisionedGroup, former: str | None) -> None:
    """The group stands for another one of the directory: give what that one's mappings give."""
    new, group.external_id = group.external_id, former
    rights.take_all(group)
    group.external_id = new
    # Saved before: what another group gives is looked up in the database.
    group.save()
    rights.give_all_members(group)


def _set(group: ProvisionedGroup, attribute: str, value: str) -> None:
    column = _COLUMNS[attribute]
    length: int = getattr(ProvisionedGroup._meta.get_field(column), "max_length", None) or 0
    if len(value) > length:
        raise ScimError(
            400, "invalidValue", f"The value of {attribute} is longer than {length} characters."
        )
    if attribute == "externalId":
        value = normalize_external_id(value)
        group.external_id, group.external_id_key = value or None, external_key(value) or None
        return
    if not value.strip():
        raise ScimError(400, "invalidValue", "displayName is empty.")
    group.display_name, group.display_name_key = value, text_key(value)


def _require_unique(group: ProvisionedGroup) -> None:
    if not group.external_id_key:
        return
    same = Q(connection=group.connection, external_id_key=group.external_id_key)
    if _rows().filter(same).exclude(pk=group.pk).exists():
        raise ScimError(409, "uniqueness", _describe_clash())


def _describe_clash() -> str:
    # A group's name need not be unique.
    return "Another Group has the same externalId."


def _lock(connection: Connection, key: str) -> ProvisionedGroup:
    group = groups_of(connection).select_for_update().filter(scim_id=key).first()
    if group is None or group.scim_id != key:
        raise not_found("Group", key)
    group.connection = connection
    return group


def _rows() -> QuerySet[ProvisionedGroup]:
    return ProvisionedGroup._default_manager.using(router.db_for_write(ProvisionedGroup))
