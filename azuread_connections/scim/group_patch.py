"""The operations on a group as changes of its columns and members. Reads no database.

A group can have many thousand members, so that a change must not load them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from scim2_models import Path
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
)

from .errors import ScimError
from .models.keys import normalize_external_id
from .reading import errors_of_library
from .schemas import Group
from .texts import check_texts

#: Attributes of a group that this service sets.
_READ_ONLY = frozenset({"id", "meta", "schemas"})
_MAX_VALUE = 254


@dataclass(frozen=True)
class ColumnChange:
    """``name``: ``displayName`` or ``externalId``; ``value``: "" removes it."""

    name: str
    value: str


@dataclass(frozen=True)
class MemberChange:
    """``kind``: "add" or "remove" these, or "replace" all by these."""

    kind: Literal["add", "remove", "replace"]
    values: tuple[str, ...]


Change = ColumnChange | MemberChange


def changes(operations: list[dict[str, Any]]) -> list[Change]:
    """Return what operations change, in their order. Raises ``ScimError``."""
    found = (_change(number, each) for number, each in enumerate(operations, 1))
    return [change for change in found if change is not None]


def member_values(members: Any, where: str) -> tuple[str, ...]:
    """Return the IDs in a list of members, or in one, each once. Raises ``ScimError``."""
    entries = members if isinstance(members, list) else [members]
    values: dict[str, None] = {}
    for entry in entries:
        given = entry
        if isinstance(entry, dict):
            given = next((item for name, item in entry.items() if name.lower() == "value"), None)
        if not isinstance(given, str) or not given:
            raise ScimError(400, "invalidValue", f"{where}: a member has no “value”.")
        if len(given) > _MAX_VALUE:
            raise ScimError(
                400,
                "invalidValue",
                f"{where}: the value of members.value is longer than {_MAX_VALUE} characters.",
            )
        check_texts(given, f"{where}: members.value")
        # The ID of somebody who is not known yet is compared with theirs when they arrive.
        values[normalize_external_id(given)] = None
    return tuple(values)


def _change(number: int, operation: dict[str, Any]) -> Change | None:
    where = f"Operation {number}, path “{operation['path']}”"
    with errors_of_library(f"{where}: "):
        path = Path[Group](operation["path"])
        binding = path.resolve() if path.model is None else None
        selected = path.value_filter
    name = binding.field_name if binding is not None else ""
    op, value = operation["op"], operation.get("value")
    if name == "members":
        return _member_change(op, value, selected, binding, where)
    if name in _READ_ONLY:
        raise ScimError(400, "mutability", f"{where}: it cannot be changed.")
    attribute = {"display_name": "displayName", "external_id": "externalId"}.get(name)
    if attribute is None:
        return None  # an attribute that this service does not keep
    if op == "remove" or value is None:
        value = ""
    if not isinstance(value, str):
        raise ScimError(400, "invalidValue", f"{where}: the value is not a text.")
    if attribute == "displayName" and not value.strip():
        raise ScimError(400, "mutability", f"{where}: displayName is required.")
    return ColumnChange(attribute, value)


def _member_change(
    op: str, value: Any, selected: FilterNode | None, binding: Any, where: str
) -> MemberChange:
    if selected is not None:
        values = tuple(_selected(selected, where))
        if op == "add":
            return MemberChange("add", values)
        if op == "remove":
            return MemberChange("remove", values)
        raise ScimError(400, "mutability", f"{where}: a member's value cannot be changed.")
    if binding.sub_field_name and op != "add":
        raise ScimError(400, "mutability", f"{where}: a member's value cannot be changed.")
    if op == "remove":
        if value is None:
            return MemberChange("replace", ())
        return MemberChange("remove", member_values(value, where))
    if value is None and op == "replace":
        return MemberChange("replace", ())
    return MemberChange("add" if op == "add" else "replace", member_values(value, where))


def _selected(node: FilterNode, where: str) -> list[str]:
    """Return the IDs in ``value eq "…" or value eq "…"``."""
    terms: tuple[FilterNode, ...] = (node,)
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        terms = node.terms
    values = [
        term.value
        for term in terms
        if isinstance(term, Comparison)
        and term.op == CompareOperator.eq
        and term.attr_path.attr.lower() == "value"
        and isinstance(term.value, str)
    ]
    if len(values) != len(terms):
        raise ScimError(
            400, "invalidPath", f"{where}: members can be selected with “value eq” only."
        )
    return list(member_values([{"value": value} for value in values], where))
