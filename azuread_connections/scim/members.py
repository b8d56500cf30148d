"""The members of groups in the database. Every change takes a fixed number of statements for each
``rights.BATCH`` members."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from ..models.validators import is_guid
from . import rights
from .models import GroupMember, ProvisionedGroup, ProvisionedPerson
from .models.keys import external_key


def add(group: ProvisionedGroup, values: Iterable[str]) -> None:
    """Add members by ID. One who is not known is kept by ID, and joins when they arrive."""
    for batch in _in_batches(values):
        people = _people(group, batch)
        # A person who is named by object ID is stored by the ID that we gave them.
        named = {people[value].scim_id if value in people else value for value in batch}
        known = set(group.members.filter(value__in=named).values_list("value", flat=True))
        by_id = {person.scim_id: person.pk for person in people.values()}
        GroupMember._default_manager.bulk_create(
            [
                GroupMember(group=group, value=value, person_id=by_id.get(value))
                for value in sorted(named - known)
            ],
            ignore_conflicts=True,
        )
        rights.give(group, [by_id[value] for value in named - known if value in by_id])


def remove(group: ProvisionedGroup, values: Iterable[str]) -> None:
    """Remove members by ID. One who is not a member is no error."""
    for batch in _in_batches(values):
        people = {person.pk for person in _people(group, batch).values()}
        rows = group.members.filter(Q(value__in=batch) | Q(person__in=people))
        leaving = list(rows.values_list("person", flat=True))
        rows.delete()
        rights.take(group, [person for person in leaving if person is not None])


def replace(group: ProvisionedGroup, values: Iterable[str]) -> None:
    """Make these the only members. Who stays keeps their rights meanwhile."""
    wanted = set(values)
    for batch in _in_batches(list(wanted)):
        people = _people(group, batch)
        wanted |= {person.scim_id for person in people.values()}
    last = 0
    members = group.members.order_by("pk")
    while page := list(members.filter(pk__gt=last)[: rights.BATCH]):
        last = page[-1].pk
        leaving = [member for member in page if member.value not in wanted]
        if leaving:
            group.members.filter(pk__in=[member.pk for member in leaving]).delete()
            rights.take(group, [m.person_id for m in leaving if m.person_id is not None])
    add(group, values)


def join(person: ProvisionedPerson) -> None:
    """Tie memberships that came before the person to their row."""
    ids = [value for value in (person.scim_id, person.external_id) if value]
    GroupMember._default_manager.filter(
        group__connection=person.connection, person=None, value__in=ids
    ).update(person=person)


def leave_all(person: ProvisionedPerson) -> None:
    """Remove a person from all groups. Their rights end with the tie: see ``accounts.release``."""
    person.memberships.all().delete()


def _people(group: ProvisionedGroup, values: list[str]) -> dict[str, ProvisionedPerson]:
    """Return the people that IDs name: ours, or the directory's."""
    guids = {value: external_key(value) for value in values if is_guid(value)}
    rows = ProvisionedPerson._default_manager.filter(
        Q(scim_id__in=list(guids)) | Q(external_id_key__in=list(guids.values())),
        connection=group.connection,
        deleted_at=None,
    ).only("pk", "scim_id", "external_id_key")
    # Without the order of the model, for which PostgreSQL can choose the index of the keys.
    rows = rows.order_by()
    by_key = {row.external_id_key: row for row in rows}
    by_id = {row.scim_id: row for row in rows}
    found = {}
    for value, key in guids.items():
        if row := by_id.get(value.lower()) or by_key.get(key):
            found[value] = row
    return found


def _in_batches(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = list(values)
    size = rights.BATCH
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
