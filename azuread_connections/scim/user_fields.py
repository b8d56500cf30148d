"""Refuses what the Django user's fields cannot hold, by the name that the directory has for it."""

from __future__ import annotations

from ..login.users.profile import read_profile, too_long_values
from ..login.users.trust import DomainTrust
from ..models import Connection
from .accounts import find_identity
from .claims import claims_of, extended_profile
from .errors import ScimError
from .models import ProvisionedPerson
from .schemas import ENTERPRISE

#: Attributes of SCIM by those of a profile: see ``claims``.
_NAMES = {
    "username": "userName",
    "name": "displayName",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "email": "emails.value",
    "mobile": "phoneNumbers.value",
    "job_title": "title",
    "preferred_language": "preferredLanguage",
    "office": "addresses.formatted",
    "country": "addresses.country",
    "department": f"{ENTERPRISE}:department",
    "company": f"{ENTERPRISE}:organization",
    "employee_id": f"{ENTERPRISE}:employeeNumber",
}


def require_fitting(
    person: ProvisionedPerson, trust: DomainTrust, former: ProvisionedPerson | None = None
) -> None:
    """Raise ``ScimError`` (``invalidValue``) for a value that is too long for a user's field which
    follows it. A sign-in, which nobody could correct, cuts it.

    ``former``: the row before the change. A value that it has already is accepted, also when the
    person is enabled again: that request could not correct it. A leaver is never refused.
    """
    if not person.is_active:
        return
    found = _too_long(person, trust)
    if former is not None:
        found -= _too_long(former, trust)
    if found and _is_synced(person):
        attribute, _value, length = min(found)
        raise ScimError(400, "invalidValue", _detail(person, attribute, length))


def _too_long(person: ProvisionedPerson, trust: DomainTrust) -> set[tuple[str, str, int]]:
    claims = claims_of(person.connection, person)
    if claims is None:
        return set()
    return too_long_values(read_profile(claims, trust, extended_profile(person.attributes)))


def _is_synced(person: ProvisionedPerson) -> bool:
    """Return whether the user's fields follow what is reported now."""
    sync = person.connection.sync_profile
    if sync == Connection.SyncProfile.FIRST_LOGIN:
        return find_identity(person.connection, person.external_id or "") is None
    return bool(sync == Connection.SyncProfile.EACH_LOGIN)


def _detail(person: ProvisionedPerson, attribute: str, length: int) -> str:
    name = _NAMES.get(attribute, attribute)
    names = person.attributes.get("name") or {}
    if attribute in {"given_name", "family_name"} and not (
        names.get("givenName") or names.get("familyName")
    ):
        return (
            f"A name in displayName is longer than {length} characters, and there is neither "
            "name.givenName nor name.familyName."
        )
    return f"The value of {name} is longer than {length} characters."
