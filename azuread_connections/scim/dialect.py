"""What Microsoft Entra ID sends, turned into what RFC 7644 says. No function here reads a database.

With the flag ``aadOptscim062020`` and without it, for example:

* ``"active": "False"``, a text;
* one ``replace`` without a path for many attributes, whose keys are paths: ``name.givenName``,
  ``emails[type eq "work"].value``, ``urn:…:enterprise:2.0:User:department``;
* a single value as a list: ``[{"$ref": null, "value": "…"}]``;
* the manager as a text, and as "" to remove it.

scim2-models takes ``Add`` and ``Replace`` in capitals, a ``remove`` with a value, and a filter that
matches no entry (``reading.POLICY``).

https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import ScimError
from .schemas import CORE_GROUP, CORE_USER, ENTERPRISE

#: Operations of one request, after one for many attributes is split.
MAX_OPERATIONS = 1000
#: Characters of a path. Longer ones would be parsed for minutes.
MAX_PATH = 2000
#: Characters of all paths of one request: as many would be parsed for a second. Those of Entra have
#: about 60 each.
MAX_PATHS = 128 * 1024

_TEXTS = {"true": True, "false": False}
_MANAGER = f"{ENTERPRISE}:manager".lower()
_SCHEMAS = (CORE_USER.lower(), CORE_GROUP.lower(), ENTERPRISE.lower())
_PATCH = "urn:ietf:params:scim:api:messages:2.0:patchop"


def user_resource(content: dict[str, Any]) -> dict[str, Any]:
    """Return a User as RFC 7643 has it."""
    return _resource(content, CORE_USER)


def group_resource(content: dict[str, Any]) -> dict[str, Any]:
    return _resource(content, CORE_GROUP)


def operations(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of a PATCH, each with one target if that can be.

    Raises ``ScimError`` for a body that is not a PatchOp message.
    """
    message = {name.lower(): value for name, value in content.items()}
    _require_schema(message.get("schemas"), _PATCH)
    listed = message.get("operations")
    if not isinstance(listed, list) or not listed:
        raise ScimError(400, "invalidSyntax", "“Operations” is not a list of operations.")
    if len(listed) > MAX_OPERATIONS:
        raise _too_many()
    found: list[dict[str, Any]] = []
    for number, given in enumerate(listed, 1):
        if not isinstance(given, dict):
            raise ScimError(400, "invalidSyntax", f"Operation {number} is not an object.")
        found += _operation({name.lower(): value for name, value in given.items()}, number)
        if len(found) > MAX_OPERATIONS:
            raise _too_many()
    if sum(len(each["path"]) for each in found) > MAX_PATHS:
        raise ScimError(
            413,
            "",
            f"The paths of the request have more than {MAX_PATHS} characters in all. Send the "
            "operations in parts.",
        )
    return found


def _too_many() -> ScimError:
    return ScimError(
        413, "", f"The request has more than {MAX_OPERATIONS} operations. Send them in parts."
    )


def _require_schema(given: Any, expected: str) -> None:
    schemas = given if isinstance(given, list) else []
    if expected.lower() not in {each.lower() for each in schemas if isinstance(each, str)}:
        raise ScimError(400, "invalidSyntax", f"“schemas” does not name {expected}.")


def _resource(content: dict[str, Any], schema: str) -> dict[str, Any]:
    _require_schema(
        next((value for name, value in content.items() if name.lower() == "schemas"), None), schema
    )
    found: dict[str, Any] = {"schemas": [schema]}
    for name, value in content.items():
        if name.lower() == "schemas" or value is None:
            continue
        if name.lower() == ENTERPRISE.lower():
            found["schemas"].append(ENTERPRISE)
            found[name] = _extension(value)
        else:
            found[name] = _value(name, value)
    return found


def _extension(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: _value(f"{ENTERPRISE}:{name}", each)
        for name, each in value.items()
        if not (_is_manager(name) and _is_empty(each))
    }


def _operation(given: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    op, path, value = given.get("op"), given.get("path"), given.get("value")
    if not isinstance(op, str) or op.lower() not in {"add", "replace", "remove"}:
        raise ScimError(
            400, "invalidSyntax", f"The “op” of operation {number} is not add, replace or remove."
        )
    if path is not None and not isinstance(path, str):
        raise ScimError(400, "invalidPath", f"The “path” of operation {number} is not a text.")
    op = op.lower()
    if path:
        yield _targeted(op, path, value, "value" in given)
        return
    if op == "remove":
        raise ScimError(400, "noTarget", f"Operation {number} removes something without a “path”.")
    if not isinstance(value, dict):
        raise ScimError(
            400, "invalidValue", f"Operation {number} has no “path”, and its “value” is no object."
        )
    for name, each in value.items():
        if name.lower() in {"schemas", *_SCHEMAS} and not isinstance(each, dict):
            continue
        if name.lower() in _SCHEMAS:
            for inner, deeper in each.items():
                yield _targeted(op, f"{name}:{inner}", deeper, is_given=True)
        else:
            yield _targeted(op, name, each, is_given=True)


def _targeted(op: str, path: str, value: Any, is_given: bool) -> dict[str, Any]:
    if len(path) > MAX_PATH:
        raise ScimError(
            400, "invalidPath", f"The path “{path[:50]}…” is longer than {MAX_PATH} characters."
        )
    value = _value(path, value)
    if op != "remove" and _is_manager(path) and _is_empty(value):
        return {"op": "remove", "path": path}
    if op == "remove":
        # For one value, Entra names the value that goes. It goes whatever it is.
        is_list = isinstance(value, list) and path.rpartition(":")[2].lower() in _LISTS
        return {"op": op, "path": path, **({"value": value} if is_list else {})}
    return {"op": op, "path": path, **({"value": value} if is_given else {})}


#: Attributes that have several values.
_LISTS = frozenset({"emails", "phonenumbers", "addresses", "members"})


def _value(path: str, value: Any) -> Any:
    """Return a value in the form that its attribute has."""
    last = path.rpartition(":")[2].lower() if path.lower().startswith("urn:") else path.lower()
    if last not in _LISTS:
        value = _single(value)
    if last == "active":
        return _boolean(path, value)
    if last == "primary" or last.endswith(".primary"):
        return _boolean(path, value)
    if _is_manager(path):
        return {"value": value} if isinstance(value, str) else value
    if isinstance(value, list):
        return [_entry(path, each) for each in value]
    return value


def _single(value: Any) -> Any:
    """Return the one value of a list like ``[{"$ref": null, "value": "…"}]``."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        names = {name.lower(): each for name, each in value[0].items()}
        if "value" in names and names.keys() <= {"value", "$ref"}:
            return names["value"]
    return value


def _entry(path: str, entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {
        name: _boolean(f"{path}.{name}", each) if name.lower() == "primary" else each
        for name, each in entry.items()
        if name.lower() != "$ref"
    }


def _boolean(path: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TEXTS:
        return _TEXTS[value.lower()]
    raise ScimError(400, "invalidValue", f"The value of {path} is neither true nor false.")


def _is_manager(path: str) -> bool:
    return path.lower() in {_MANAGER, "manager"}


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        names = {name.lower(): each for name, each in value.items()}
        return names.get("value") in (None, "")
    return value in (None, "")
