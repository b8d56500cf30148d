"""Attribute mappings: what Entra sends of a person, as "path": value.

The default mappings of a non-gallery application, with the one change that this package's guide
asks for: objectId, instead of mailNickname, is mapped to externalId.
"""

from __future__ import annotations

from typing import Any

from ..directory.directories import Person
from ..directory.profile import user_properties

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MANAGER = f"{ENTERPRISE}:manager"
WORK_EMAIL = 'emails[type eq "work"].value'

#: Path of the SCIM attribute: Graph's property.
_PROPERTIES = {
    "displayName": "displayName",
    "title": "jobTitle",
    "preferredLanguage": "preferredLanguage",
    WORK_EMAIL: "mail",
    "name.givenName": "givenName",
    "name.familyName": "surname",
    f"{ENTERPRISE}:employeeNumber": "employeeId",
    f"{ENTERPRISE}:department": "department",
}


def attributes_of(person: Person, *, is_active: bool) -> dict[str, Any]:
    """Return the mapped attributes by path; None for one that the person does not have.

    Without the manager, who is a reference and is sent after all people are known.
    """
    properties = user_properties(person)
    names = (properties["givenName"], properties["surname"])
    return {
        "externalId": person.object_id,
        "userName": person.upn,
        "active": is_active,
        "name.formatted": " ".join(filter(None, names)) or None,
        **{path: properties[name] or None for path, name in _PROPERTIES.items()},
    }


def resource_of(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the resource to POST."""
    resource: dict[str, Any] = {"schemas": [CORE, ENTERPRISE]}
    for path, value in attributes.items():
        if value is None:
            continue
        if path == WORK_EMAIL:
            resource["emails"] = [{"primary": True, "type": "work", "value": value}]
        elif path.startswith(f"{ENTERPRISE}:"):
            resource.setdefault(ENTERPRISE, {})[path.removeprefix(f"{ENTERPRISE}:")] = value
        elif "." in path:
            parent, _dot, name = path.partition(".")
            resource.setdefault(parent, {})[name] = value
        else:
            resource[path] = value
    return resource | {"meta": {"resourceType": "User"}, "roles": []}


def read(resource: dict[str, Any], path: str) -> Any:
    """Return the value of a mapped attribute in a resource of the server; None if it is absent."""
    if path == WORK_EMAIL:
        work = [each for each in resource.get("emails") or [] if each.get("type") == "work"]
        return work[0].get("value") if work else None
    if path.startswith(f"{ENTERPRISE}:"):
        value = (resource.get(ENTERPRISE) or {}).get(path.removeprefix(f"{ENTERPRISE}:"))
        # The manager is complex in RFC 7643, and plain text in what Entra sends.
        return value.get("value") if isinstance(value, dict) else value
    if "." in path:
        parent, _dot, name = path.partition(".")
        return (resource.get(parent) or {}).get(name)
    return resource.get(path)
