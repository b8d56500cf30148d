"""A person's row and their User resource, one made from the other."""

from __future__ import annotations

import json
from typing import Any

from scim2_models import Context

from .errors import ScimError
from .models import ProvisionedPerson
from .models.keys import external_key, normalize_external_id, text_key
from .reading import stored_user
from .schemas import CORE_USER, ENTERPRISE
from .texts import check_texts

#: Bytes of the attributes of one person.
_MAX_ATTRIBUTES = 64 * 1024
#: Attributes with a column of their own, or that every response computes.
_COLUMNS = ("schemas", "id", "meta", "externalId", "userName", "displayName", "active")


def resource_of(person: ProvisionedPerson) -> dict[str, Any]:
    """Return the attributes of a person's User, without ``meta``."""
    found: dict[str, Any] = {
        "schemas": [CORE_USER],
        "id": person.scim_id,
        "userName": person.user_name,
        "active": person.is_active,
        **person.attributes,
    }
    if ENTERPRISE in person.attributes:
        found["schemas"].append(ENTERPRISE)
    if person.external_id:
        found["externalId"] = person.external_id
    if person.display_name:
        found["displayName"] = person.display_name
    return found


def user_of(person: ProvisionedPerson) -> Any:
    """Return a person's User, to apply operations to."""
    return stored_user(resource_of(person))


def write(person: ProvisionedPerson, user: Any) -> None:
    """Set a person's columns. Raises ``ScimError`` (``invalidValue``) for what does not fit."""
    content = user.model_dump(scim_ctx=Context.DEFAULT)
    check_texts(content)
    person.user_name = _fitting("user_name", "userName", content.get("userName") or "")
    if not person.user_name.strip():
        raise ScimError(400, "invalidValue", "userName is empty.")
    person.user_name_key = text_key(person.user_name)
    external_id = normalize_external_id(content.get("externalId") or "")
    person.external_id = _fitting("external_id", "externalId", external_id) or None
    person.external_id_key = external_key(external_id) or None
    person.display_name = _fitting("display_name", "displayName", content.get("displayName") or "")
    person.display_name_key = text_key(person.display_name)
    person.email = _fitting("email", "emails.value", work_address(content.get("emails") or []))
    person.email_key = text_key(person.email)
    person.is_active = content.get("active") is not False
    person.attributes = {
        name: value for name, value in content.items() if name not in _COLUMNS and value
    }
    if len(json.dumps(person.attributes)) > _MAX_ATTRIBUTES:
        largest = max(person.attributes, key=lambda name: len(json.dumps(person.attributes[name])))
        raise ScimError(
            400,
            "invalidValue",
            f"The attributes of one person are larger than {_MAX_ATTRIBUTES} bytes. The largest "
            f"is {largest}.",
        )


def work_address(emails: list[dict[str, Any]]) -> str:
    """Return the work address; without one, the primary one or the first."""

    def rank(email: dict[str, Any]) -> tuple[bool, bool]:
        return str(email.get("type", "")).lower() != "work", email.get("primary") is not True

    found = sorted((email for email in emails if email.get("value")), key=rank)
    return str(found[0]["value"]) if found else ""


def _fitting(column: str, attribute: str, value: str) -> str:
    length: int = getattr(ProvisionedPerson._meta.get_field(column), "max_length", None) or 0
    if len(value) > length:
        raise ScimError(
            400, "invalidValue", f"The value of {attribute} is longer than {length} characters."
        )
    return value
