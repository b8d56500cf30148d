"""Filters of list requests (RFC 7644 section 3.4.2.2), as far as they are supported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from scim2_models import SearchRequest
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from ..entra.text import is_storable
from .errors import ScimError
from .models.keys import external_key, text_key
from .reading import errors_of_library
from .schemas import Group, ScimUser

_MAX_LENGTH = 2000
#: Kept: pydantic forgets a class that nobody uses, and takes milliseconds to build it again.
_USER_SEARCH, _GROUP_SEARCH = SearchRequest[ScimUser], SearchRequest[Group]
#: Attributes in lower case, each with the column that it is looked up in.
_USER = {
    "id": "scim_id",
    "externalid": "external_id_key",
    "username": "user_name_key",
    "displayname": "display_name_key",
    "emails": "email_key",
    "emails.value": "email_key",
}
_GROUP = {
    "id": "scim_id",
    "externalid": "external_id_key",
    "displayname": "display_name_key",
    "members": "members",
    "members.value": "members",
}
_SUPPORTED = {
    "User": 'userName, externalId, id, displayName, emails.value and emails[type eq "work"].value',
    "Group": "displayName, externalId, id and members.value",
}


@dataclass(frozen=True)
class Condition:
    """The value that a column must have."""

    column: str
    value: str


def user_filter(text: str) -> list[Condition]:
    """Return the conditions of a filter on Users, all of which must hold. Raises ``ScimError``
    (``invalidFilter``)."""
    return _read(text, _USER_SEARCH, _USER, "User")


def group_filter(text: str) -> list[Condition]:
    return _read(text, _GROUP_SEARCH, _GROUP, "Group")


def matching(conditions: Iterable[Condition]) -> Q:
    """Return a query's condition: that all of these hold."""
    found = Q()
    for condition in conditions:
        found &= Q(**{condition.column: condition.value})
    return found


def _read(text: str, search: Any, columns: dict[str, str], kind: str) -> list[Condition]:
    if len(text) > _MAX_LENGTH:
        raise ScimError(400, "invalidFilter", f"The filter is longer than {_MAX_LENGTH} characters")
    with errors_of_library("filter: "):
        request: Any = search.model_validate({"filter": text})
    return _conditions(request.filter.ast, columns, kind)


def _conditions(node: FilterNode, columns: dict[str, str], kind: str) -> list[Condition]:
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        return [each for term in node.terms for each in _conditions(term, columns, kind)]
    if isinstance(node, ValuePath):
        node = _value_of_work(node) or node
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        column = columns.get(_name(node.attr_path))
        if column is not None and isinstance(node.value, str):
            if not is_storable(node.value):
                raise ScimError(
                    400, "invalidFilter", "The filter has NUL or half of a surrogate pair."
                )
            return [_equal(column, node.value)]
    raise ScimError(
        400,
        "invalidFilter",
        f"The filter is not supported. {kind}s can be filtered by {_SUPPORTED[kind]}, with “eq”, "
        "and several conditions joined by “and”.",
    )


def _name(path: AttrPath) -> str:
    return f"{path.attr}.{path.sub_attr}".lower() if path.sub_attr else path.attr.lower()


def _value_of_work(node: ValuePath) -> Comparison | None:
    """Return the comparison of the value in ``emails[type eq "work" and value eq "…"]``.

    The column holds the work address, so no other type is supported.
    """
    terms = node.val_filter.terms if isinstance(node.val_filter, LogicalExpr) else ()
    found: dict[str, Any] = {
        term.attr_path.attr.lower(): term
        for term in terms
        if isinstance(term, Comparison) and term.op == CompareOperator.eq
    }
    is_and = isinstance(node.val_filter, LogicalExpr) and (
        node.val_filter.op == LogicalOperator.and_
    )
    if not is_and or len(terms) != 2 or found.keys() != {"type", "value"}:
        return None
    if node.attr_path.attr.lower() != "emails" or str(found["type"].value).lower() != "work":
        return None
    return Comparison(AttrPath("emails", "value"), CompareOperator.eq, found["value"].value)


def _equal(column: str, value: str) -> Condition:
    if column == "scim_id":
        return Condition(column, value.lower())
    if column == "external_id_key":
        return Condition(column, external_key(value))
    if column == "members":
        return Condition("members__value", value)
    return Condition(column, text_key(value))
