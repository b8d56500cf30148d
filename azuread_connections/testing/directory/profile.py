"""The properties of a user object, as Microsoft Graph has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .directories import Person

# What Graph sends if nothing is selected.
DEFAULT_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)

# What every user object has, with the values of a new account.
BLANK: dict[str, Any] = {
    "ageGroup": None,
    "businessPhones": [],
    "city": None,
    "companyName": None,
    "country": None,
    "createdDateTime": "2024-03-01T09:00:00Z",
    "department": None,
    "employeeHireDate": None,
    "employeeId": None,
    "employeeType": None,
    "externalUserState": None,
    "faxNumber": None,
    "imAddresses": [],
    "jobTitle": None,
    "mobilePhone": None,
    "officeLocation": None,
    "onPremisesSamAccountName": None,
    "onPremisesSyncEnabled": None,
    "otherMails": [],
    "postalCode": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "state": None,
    "streetAddress": None,
    "usageLocation": None,
}


def user_properties(person: Person) -> dict[str, Any]:
    """Every property of the user object; the person's own `graph` overrides the others."""
    return {
        **BLANK,
        "id": person.object_id,
        "accountEnabled": person.enabled,
        "displayName": person.name,
        "givenName": person.given_name,
        "mail": person.mail,
        "mailNickname": person.upn.partition("@")[0],
        "surname": person.family_name,
        "userPrincipalName": person.upn,
        "userType": "Guest" if person.guest else "Member",
        **person.graph,
    }


COMPUTED = frozenset(
    {
        *("id", "accountEnabled", "displayName", "givenName", "mail", "mailNickname"),
        *("surname", "userPrincipalName", "userType"),
    }
)
USER_PROPERTIES = COMPUTED | BLANK.keys()


def check_names(graph: dict[str, Any]) -> dict[str, Any]:
    """The properties as a new dict; ValueError for a name that Graph does not have."""
    for name in graph:
        if name not in USER_PROPERTIES:
            raise ValueError(f"a user in Microsoft Graph has no property {name!r}")
    return dict(graph)
