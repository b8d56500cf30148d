"""Microsoft Graph: a person's profile and groups, a directory's users.

https://learn.microsoft.com/graph/api/overview
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from .challenge import read_header_challenge
from .cloud import Cloud
from .errors import EntraError, MalformedResponse, Unreachable
from .text import clean_address, clean_name
from .transport import Secret, Transport

#: The largest page that Graph returns.
PAGE_SIZE = 999
#: At that page size, more groups than a directory allows one person.
MAX_PAGES = 60

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Without ConsistencyLevel, Graph refuses advanced queries. Every page needs it: see ``_get``.
_ADVANCED = {"ConsistencyLevel": "eventual"}
#: Our names of attributes, and those of Graph.
_PROFILE = {
    "phone": "businessPhones",
    "job_title": "jobTitle",
    "mobile": "mobilePhone",
    "given_name": "givenName",
    "family_name": "surname",
    "preferred_language": "preferredLanguage",
    "upn": "userPrincipalName",
    "department": "department",
    "company": "companyName",
    "office": "officeLocation",
    "employee_id": "employeeId",
    "country": "country",
}
PROFILE_NAMES = tuple(_PROFILE)
_USER = "id,displayName,userPrincipalName,mail,jobTitle,department,accountEnabled,userType"


class GraphError(EntraError):
    """An error response of Graph. ``status``: of HTTP; ``code``: Graph's own. ``claims``: what the
    person has to prove first, as JSON, if Graph sent a claims challenge."""

    def __init__(
        self, status: int, code: str, message: str, request_id: str, claims: str = ""
    ) -> None:
        super().__init__(f"Graph answered {status} {code}: {message}")
        self.status = status
        self.code = code
        self.request_id = request_id
        self.claims = claims

    @property
    def is_permission_missing(self) -> bool:
        return self.status == 403


@dataclass(frozen=True)
class Group:
    """A directory's group. ``name`` is empty if the app may not read names."""

    id: str
    name: str


@dataclass(frozen=True)
class DirectoryUser:
    """One of a directory's users. Texts can be empty."""

    object_id: str
    name: str
    user_principal_name: str
    email: str
    job_title: str
    department: str
    is_enabled: bool
    is_guest: bool


@dataclass(frozen=True)
class RegisteredSecret:
    """A client secret as Azure lists it, without its value.

    ``hint``: its first three characters, "" if Azure names none. ``expires_at``: None if Azure
    names no time. ``name``: its description.
    """

    hint: str
    key_id: str
    expires_at: datetime | None
    name: str = ""


@dataclass(frozen=True)
class RegisteredCertificate:
    """A certificate as Azure lists it. ``thumbprint``: SHA-1 in hexadecimal, "" if unknown."""

    thumbprint: str
    key_id: str


@dataclass(frozen=True)
class RegisteredCredentials:
    """What an app's registration accepts, apart from federated credentials.

    ``object_id``: the registration's own ID, which differs from the client ID.
    """

    secrets: tuple[RegisteredSecret, ...]
    certificates: tuple[RegisteredCertificate, ...]
    object_id: str = ""

    def has(self, key_id: str) -> bool:
        ids = [each.key_id for each in self.secrets]
        return key_id in [*ids, *(each.key_id for each in self.certificates)]


@dataclass(frozen=True)
class UserPage:
    """Some of a directory's users. ``next_link``: address of the next page; "" on the last one."""

    users: tuple[DirectoryUser, ...]
    next_link: str


@dataclass(frozen=True)
class Graph:
    """A client of Graph that uses one access token.

    ``deadline``: the time (``time.monotonic``) after which no further request is made.
    """

    transport: Transport
    cloud: Cloud
    access_token: str = field(repr=False)
    deadline: float = float("inf")

    def profile(self) -> dict[str, Any]:
        """Return the signed-in person's extended profile, under the names of our profile.

        Needs the delegated permission User.Read. Like all methods, it raises ``GraphError``,
        ``Unreachable`` and ``MalformedResponse``.
        """
        person = self._get(f"{self._base}/me?$select={','.join(_PROFILE.values())}")
        profile: dict[str, Any] = {ours: _text(person, theirs) for ours, theirs in _PROFILE.items()}
        phones = person.get("businessPhones")
        profile["upn"] = _address(person, "userPrincipalName")
        profile["phone"] = [
            clean_name(phone)
            for phone in (phones if isinstance(phones, list) else [])
            if isinstance(phone, str)
        ]
        return profile

    def groups(self, *, nested: bool) -> tuple[Group, ...]:
        """Return all groups of the signed-in person: direct ones, or nested ones too.

        Raises if the list cannot be completed. Needs User.Read; names need GroupMember.Read.All.
        """
        relation = "transitiveMemberOf" if nested else "memberOf"
        query = {"$select": "id,displayName", "$top": str(PAGE_SIZE), "$count": "true"}
        url = f"{self._base}/me/{relation}/microsoft.graph.group?{urlencode(query, safe='$')}"
        found = {_id(item): item for page in self._pages(url) for item in page}
        return tuple(Group(id, _text(item, "displayName")) for id, item in found.items())

    def users(self, search: str = "", *, size: int = 25) -> UserPage:
        """Return the directory's users with a word in name or address that begins with ``search``.

        Needs the application permission User.Read.All.
        """
        query = {"$select": _USER, "$top": str(size), "$orderby": "displayName", "$count": "true"}
        if search:
            term = search.replace("\\", "\\\\").replace('"', '\\"')
            fields = ("displayName", "mail", "userPrincipalName")
            query["$search"] = " OR ".join(f'"{name}:{term}"' for name in fields)
        return self.users_page(f"{self._base}/users?{urlencode(query, safe='$', quote_via=quote)}")

    def users_page(self, link: str) -> UserPage:
        """Return the page of a ``next_link``. Raises if it is not an address of Graph."""
        answer = self._get(self._own(link))
        return UserPage(tuple(_user(item) for item in _items(answer)), self._next(answer))

    def client_secrets(self, client_id: str) -> tuple[RegisteredSecret, ...]:
        """Return the client secrets on an app's registration: see ``registered_credentials``."""
        return self.registered_credentials(client_id).secrets

    def registered_credentials(self, client_id: str) -> RegisteredCredentials:
        """Return the client secrets and certificates on an app's registration.

        Needs the application permission Application.Read.All, and the directory in which the app
        is registered: elsewhere Graph answers 404.
        """
        names = "id,passwordCredentials,keyCredentials"
        answer = self._get(f"{self._base}/applications(appId='{client_id}')?$select={names}")
        return RegisteredCredentials(
            tuple(
                RegisteredSecret(
                    _text(item, "hint"),
                    _text(item, "keyId").lower(),
                    moment_of(_text(item, "endDateTime")),
                    _text(item, "displayName"),
                )
                for item in _registered(answer, "passwordCredentials")
            ),
            tuple(
                RegisteredCertificate(_thumbprint(item), _text(item, "keyId").lower())
                for item in _registered(answer, "keyCredentials")
            ),
            object_id=_text(answer, "id").lower(),
        )

    @property
    def _base(self) -> str:
        return f"{self.cloud.graph_url}/v1.0"

    def _pages(self, url: str) -> Iterator[list[dict[str, Any]]]:
        seen: set[str] = set()
        while url:
            if url in seen or len(seen) >= MAX_PAGES:
                raise MalformedResponse("Graph's list of pages does not end.")
            seen.add(url)
            answer = self._get(url)
            yield _items(answer)
            url = self._next(answer)

    def _next(self, answer: Mapping[str, Any]) -> str:
        link = answer.get("@odata.nextLink", "")
        return self._own(link) if link else ""

    def _own(self, link: object) -> str:
        """Return a link if it is an address of Graph: a token is sent nowhere else."""
        if not isinstance(link, str) or not link.startswith(f"{self._base}/"):
            raise MalformedResponse("The address of Graph's next page is on another host.")
        return link

    def _get(self, url: str) -> dict[str, Any]:
        if time.monotonic() > self.deadline:
            raise Unreachable("Graph took too long to answer.")
        bearer = Secret(f"Bearer {self.access_token}")
        answer = self.transport.get(url, {"Authorization": bearer, **_ADVANCED})
        document = answer.json()
        if answer.status != 200:
            raise error_of(answer.status, document, answer.authenticate)
        return document


def error_of(status: int, document: Mapping[str, Any], authenticate: str = "") -> GraphError:
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    inner = error.get("innerError")
    request_id = _text(inner, "request-id") if isinstance(inner, dict) else ""
    return GraphError(
        status,
        _text(error, "code")[:100],
        _text(error, "message")[:500],
        request_id,
        read_header_challenge(authenticate) if status == 401 else "",
    )


def _items(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    value = answer.get("value")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MalformedResponse("Graph answered without a list.")
    return value


def _id(item: Mapping[str, Any]) -> str:
    value = item.get("id")
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise MalformedResponse("Graph sent an object without a valid ID.")
    return value


def _user(item: Mapping[str, Any]) -> DirectoryUser:
    return DirectoryUser(
        object_id=_id(item),
        name=_text(item, "displayName"),
        user_principal_name=_address(item, "userPrincipalName"),
        email=_address(item, "mail"),
        job_title=_text(item, "jobTitle"),
        department=_text(item, "department"),
        is_enabled=item.get("accountEnabled") is not False,
        is_guest=item.get("userType") == "Guest",
    )


def _registered(answer: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    credentials = answer.get(member)
    if not isinstance(credentials, list) or not all(isinstance(c, dict) for c in credentials):
        # Not an empty list: that would mean that every one was removed.
        raise MalformedResponse("Graph answered without the registration's credentials.")
    return credentials


def _thumbprint(item: Mapping[str, Any]) -> str:
    """Return a certificate's SHA-1. Azure names it in hexadecimal, or the same in base64."""
    text = _text(item, "customKeyIdentifier")
    if re.fullmatch(r"[0-9A-Fa-f]{40}", text):
        return text.upper()
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return ""
    return raw.hex().upper() if len(raw) == 20 else ""


def moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return clean_name(value) if isinstance(value, str) else ""


def _address(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return clean_address(value) if isinstance(value, str) else ""
