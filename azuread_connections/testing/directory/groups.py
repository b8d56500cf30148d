"""Groups, groups inside groups, and directory roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .directories import Directory, Person


@dataclass(eq=False)
class Group:
    """A group of people and groups. All fields can be changed while the stand-in runs."""

    object_id: str
    directory: Directory = field(repr=False)
    name: str
    security: bool = True
    description: str | None = None
    _members: dict[Person | Group, None] = field(default_factory=dict, repr=False)

    @property
    def members(self) -> list[Person | Group]:
        return list(self._members)

    def add(self, *members: Person | Group) -> None:
        self._members.update(dict.fromkeys(members))

    def remove(self, *members: Person | Group) -> None:
        for member in members:
            self._members.pop(member, None)

    def has(self, member: Person | Group) -> bool:
        """Whether this is a direct member."""
        return member in self._members


@dataclass(eq=False)
class DirectoryRole:
    """A directory role that is active in a directory."""

    object_id: str
    template_id: str
    name: str
    members: list[Person] = field(default_factory=list, repr=False)


def groups_above(groups: Iterable[Group], known: Iterable[Group]) -> list[Group]:
    """These groups and every group that contains one of them, directly or not; cycles are
    handled."""
    containers: dict[Group, list[Group]] = {}
    for group in known:
        for member in group.members:
            if isinstance(member, Group):
                containers.setdefault(member, []).append(group)
    found: dict[Group, None] = {}
    waiting = list(groups)
    while waiting:
        group = waiting.pop(0)
        if group not in found:
            found[group] = None
            waiting.extend(containers.get(group, ()))
    return list(found)
