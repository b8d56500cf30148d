"""The groups and app roles that a trial found, each with what it gives on this site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from ...models import Connection, GroupMapping


@dataclass(frozen=True)
class Membership:
    """``value``: a role, or a group's object ID. ``effects``: what the mappings give for it."""

    value: str
    name: str = ""
    effects: str = ""


def memberships(
    connection: Connection, outcome: dict[str, Any]
) -> tuple[list[Membership], list[Membership]]:
    """Return the groups and the app roles of a trial's outcome. One query."""
    by_group: defaultdict[str, list[str]] = defaultdict(list)
    by_role: defaultdict[str, list[str]] = defaultdict(list)
    for mapping in connection.group_mappings.select_related("group"):
        if not mapping.applies:
            continue
        if mapping.is_role:
            by_role[mapping.role] += _effects(mapping)
        else:
            by_group[mapping.directory_group_id] += _effects(mapping)
    groups = [
        Membership(group["id"], group["name"], _listed(by_group.get(group["id"], ())))
        for group in outcome.get("groups", [])
    ]
    roles = [
        Membership(role, effects=_listed(by_role.get(role, ())))
        for role in outcome.get("roles", [])
        if isinstance(role, str)
    ]
    return groups, roles


def _effects(mapping: GroupMapping) -> list[str]:
    found = []
    if mapping.group is not None:
        found.append(gettext("Django group “%(group)s”") % {"group": mapping.group.name})
    if mapping.admits:
        found.append(gettext("may sign in"))
    return found


def _listed(effects: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(effects))
