"""A person's User resource as the claims that a sign-in has, so that the same rules decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..entra.id_token import IdTokenClaims
from ..entra.text import clean_address, clean_name
from ..models import Connection
from ..models.validators import is_guid
from .models import ProvisionedPerson
from .schemas import ENTERPRISE

#: In the user principal name of every guest:
#: https://learn.microsoft.com/entra/external-id/user-properties
_GUEST = "#ext#"


def claims_of(connection: Connection, person: ProvisionedPerson) -> IdTokenClaims | None:
    """Return the claims of a person; None if their external ID is no object ID.

    They name the connection's pinned directory: its token is what the request was sent with.
    """
    if not person.external_id or not is_guid(person.external_id) or not connection.tenant_id:
        return None
    name = person.attributes.get("name") or {}
    texts: dict[str, Any] = {
        "name": clean_name(person.display_name or _text(name, "formatted")),
        "given_name": clean_name(_text(name, "givenName")),
        "family_name": clean_name(_text(name, "familyName")),
        "preferred_username": clean_address(person.user_name),
        "email": clean_address(person.email),
    }
    ids = {"tid": connection.tenant_id, "oid": person.external_id}
    return IdTokenClaims(
        tenant_id=connection.tenant_id,
        object_id=person.external_id,
        is_guest=is_guest(person),
        everything={**ids, **{key: text for key, text in texts.items() if text}},
        **texts,
    )


def is_guest(person: ProvisionedPerson) -> bool:
    """Return whether a person is known to be a guest of the directory."""
    user_type = str(person.attributes.get("userType", ""))
    return _GUEST in person.user_name.lower() or user_type.lower() == "guest"


def extended_profile(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a person's extended profile, in the names and types of ``entra.graph.Graph.profile``.
    Absent attributes are left out."""
    name = attributes.get("name") or {}
    company = attributes.get(ENTERPRISE) or {}
    phones = attributes.get("phoneNumbers") or []
    addresses = attributes.get("addresses") or []
    found: dict[str, Any] = {
        "mobile": _of_type(phones, "mobile", "value"),
        "job_title": _text(attributes, "title"),
        "given_name": _text(name, "givenName"),
        "family_name": _text(name, "familyName"),
        "preferred_language": _text(attributes, "preferredLanguage"),
        "department": _text(company, "department"),
        "company": _text(company, "organization"),
        "employee_id": _text(company, "employeeNumber"),
        "office": _of_type(addresses, "work", "formatted"),
        "country": _of_type(addresses, "work", "country"),
    }
    found = {key: clean_name(text) for key, text in found.items() if clean_name(text)}
    if phone := clean_name(_of_type(phones, "work", "value")):
        found["phone"] = [phone]
    return found


def _text(values: Mapping[str, Any], key: str) -> str:
    return str(values.get(key) or "")


def _of_type(entries: list[Mapping[str, Any]], kind: str, key: str) -> str:
    return next((_text(each, key) for each in entries if each.get("type") == kind), "")
