"""The two forms of Entra's PATCH: without and with the flag ``aadOptscim062020`` in the Tenant URL.

https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .mapping import MANAGER, WORK_EMAIL

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
FLAG = "aadOptscim062020"

Operation = dict[str, Any]


def patch(operations: list[Operation]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": operations}


class OldDialect:
    """Without the flag: capitalised operations, each with a path; booleans as text."""

    def change(self, changes: dict[str, Any], known: dict[str, Any]) -> list[Operation]:
        """Return the operations for changed attributes. ``known``: the values at the server."""
        return [self._operation(path, value, known) for path, value in changes.items()]

    def _operation(self, path: str, value: Any, known: dict[str, Any]) -> Operation:
        if path == MANAGER:
            # A reference is plain text; an empty one removes it.
            return {"op": "Add" if value else "Replace", "path": path, "value": value or ""}
        if value is None:
            return {"op": "Remove", "path": path}
        op = "Add" if known.get(path) is None else "Replace"
        return {"op": op, "path": path, "value": _as_text(value)}

    def add_members(self, ids: Iterable[str]) -> list[Operation]:
        value = [{"$ref": None, "value": each} for each in ids]
        return [{"op": "Add", "path": "members", "value": value}]

    def remove_members(self, ids: Iterable[str]) -> list[Operation]:
        return [
            {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": each}]}
            for each in ids
        ]


class NewDialect:
    """With the flag: lower case, real booleans, several attributes in one operation without a
    path, with dotted keys and the URNs of extensions as keys."""

    def change(self, changes: dict[str, Any], known: dict[str, Any]) -> list[Operation]:
        together = {
            path: value
            for path, value in changes.items()
            if value is not None and path not in (WORK_EMAIL, MANAGER)
        }
        operations: list[Operation] = []
        if together:
            operations.append({"op": "replace", "value": together})
        if changes.get(WORK_EMAIL) is not None:
            operations.append({"op": "replace", "path": WORK_EMAIL, "value": changes[WORK_EMAIL]})
        if MANAGER in changes:
            value = changes[MANAGER] or ""
            operations.append({"op": "replace", "path": MANAGER, "value": value})
        removed = [path for path, value in changes.items() if value is None and path != MANAGER]
        return operations + [{"op": "remove", "path": path} for path in removed]

    def add_members(self, ids: Iterable[str]) -> list[Operation]:
        return [{"op": "add", "path": "members", "value": [{"value": each} for each in ids]}]

    def remove_members(self, ids: Iterable[str]) -> list[Operation]:
        return [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids]


def _as_text(value: Any) -> Any:
    """Return a boolean as Entra writes it: "True" or "False"."""
    return str(value) if isinstance(value, bool) else value
