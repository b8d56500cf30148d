"""`/me` and `/users`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..directory.directories import Person
from ..directory.profile import DEFAULT_PROPERTIES, USER_PROPERTIES, user_properties
from ..oauth.access import AccessToken
from ..server.call import Call
from ..server.wire import Response, json_response
from .query import page, read_query
from .service import named_person, require, signed_in

READS_SELF = ("User.Read", "User.ReadWrite", "User.Read.All", "Directory.Read.All")
READS_USERS = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")


def me(call: Call, token: AccessToken) -> Response:
    person = signed_in(token)
    require(token, *READS_SELF)
    return _one(call, person)


def user(call: Call, token: AccessToken) -> Response:
    require(token, *READS_USERS)
    return _one(call, named_person(call, token))


def users(call: Call, token: AccessToken) -> Response:
    """The directory's people: filtered, searched, ordered, in pages."""
    require(token, *READS_USERS)
    query = read_query(call, "user", USER_PROPERTIES, advanced=("$search",))
    select = query.select()
    found = query.apply(token.directory.people, user_properties)
    names = select or DEFAULT_PROPERTIES
    return page(call, query, found, lambda person: _shown(person, names), _context(select))


def _one(call: Call, person: Person) -> Response:
    select = read_query(call, "user", USER_PROPERTIES, advanced=()).select()
    context = f"{call.url}/graph/v1.0/$metadata#{_context(select)}/$entity"
    shown = _shown(person, select or DEFAULT_PROPERTIES)
    return json_response(
        {"@odata.context": context, **shown}, headers={"request-id": call.incident.trace_id}
    )


def _shown(person: Person, names: Sequence[str]) -> dict[str, Any]:
    properties = user_properties(person)
    return {name: properties[name] for name in names}


def _context(select: Sequence[str] | None) -> str:
    return f"users({','.join(select)})" if select else "users"
