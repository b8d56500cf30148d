"""The resources that a directory can write, and the documents that describe them.

They declare the attributes that this app keeps. Others are accepted and not stored: a directory
that is refused a write goes into quarantine.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from scim2_models import (
    URN,
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Required,
    Resource,
    ResourceType,
    Returned,
    Uniqueness,
)

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

#: Resources on one page, if the directory asks for no number, and at most.
PAGE_SIZE, MAX_PAGE_SIZE = 100, 200


class Name(ComplexAttribute):
    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    honorific_prefix: str | None = None
    honorific_suffix: str | None = None


class Email(ComplexAttribute):
    # Not checked as an address: people of a company can have one at "contoso.local".
    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class Address(ComplexAttribute):
    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: str | None = None
    primary: bool | None = None


class Manager(ComplexAttribute):
    value: Annotated[str | None, CaseExact.true] = None


class Enterprise(Extension):
    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None


class User(Resource[AnyExtension]):
    __schema__ = URN(CORE_USER)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    nick_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    #: Where a request leaves it out, nothing changes; a new person is active.
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    addresses: list[Address] | None = None


class Member(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None


class Group(Resource[Any]):
    __schema__ = URN(CORE_GROUP)

    display_name: Annotated[str | None, Required.true] = None
    members: Annotated[list[Member] | None, Returned.default] = None


ScimUser: Any = User[Enterprise]

_DESCRIPTIONS: dict[Any, tuple[str, str]] = {
    User: ("User", "A person of the directory"),
    Enterprise: ("EnterpriseUser", "What a company adds to a person"),
    Group: ("Group", "A group of the directory"),
}


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by their ID (RFC 7643 section 7)."""
    found = {}
    for model, (name, description) in _DESCRIPTIONS.items():
        document = model.to_schema().model_dump()
        document |= {"name": name, "description": description}
        found[document["id"]] = document
    return found


@cache
def resource_types() -> dict[str, dict[str, Any]]:
    """Return the types of resources by their ID (RFC 7643 section 6)."""
    types = (ResourceType.from_resource(model) for model in (ScimUser, Group))
    documents = [each.model_dump() for each in types]
    return {document["id"]: document for document in documents}


def service_provider_config() -> dict[str, Any]:
    """Return what this service offers (RFC 7643 section 5)."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_PAGE_SIZE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of the connection, from the site's administration",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
    }
