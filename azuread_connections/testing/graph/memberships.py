"""A person's memberships, and the groups themselves."""

from __future__ import annotations

import json
from typing import Any

from ..directory.directories import Person
from ..directory.groups import DirectoryRole, Group
from ..oauth.access import AccessToken
from ..server.call import Call
from ..server.wire import Response, json_response, text_response
from .errors import bad_request, not_found
from .objects import (
    GROUP_PROPERTIES,
    READS_GROUPS,
    ROLE_PROPERTIES,
    group_properties,
    membership,
    role_properties,
)
from .people import READS_SELF, READS_USERS
from .query import page, read_query
from .service import named_person, require, signed_in

ADVANCED = ("$search", "$filter", "$orderby")
CHECKED_AT_ONCE = 20


def member_of(call: Call, token: AccessToken) -> Response:
    """Direct or transitive memberships; with the cast only groups, otherwise also roles."""
    person = _person(call, token)
    cast = call.parts.get("cast") is not None
    type_name = "group" if cast else "directoryObject"
    properties = GROUP_PROPERTIES if cast else GROUP_PROPERTIES | ROLE_PROPERTIES
    query = read_query(call, type_name, properties, advanced=ADVANCED)
    select = query.select()
    transitive = call.parts["relation"].lower() == "transitivememberof"
    items: list[Group | DirectoryRole] = [*(person.all_groups if transitive else person.groups)]
    if not cast:
        items += person.roles
    items = query.apply(items, _properties)
    if call.parts.get("number"):
        return _number(query.eventual, len(items))
    return page(
        call,
        query,
        items,
        lambda item: membership(item, token, select, cast=cast),
        "groups" if cast else "directoryObjects",
    )


def member_actions(call: Call, token: AccessToken) -> Response:
    """getMemberObjects, getMemberGroups and checkMemberGroups: ids, transitive, in one piece."""
    person = _person(call, token)
    sent = _json(call)
    name = call.parts["member_action"].lower()
    if name == "checkmembergroups":
        ids = _checked(person, sent)
    else:
        security_only = bool(sent.get("securityEnabledOnly"))
        ids = [
            group.object_id for group in person.all_groups if group.security or not security_only
        ]
        if name == "getmemberobjects" and not security_only:
            ids += [role.object_id for role in person.roles]
    context = f"{call.url}/graph/v1.0/$metadata#Collection(Edm.String)"
    return json_response({"@odata.context": context, "value": ids})


def groups(call: Call, token: AccessToken) -> Response:
    """The directory's groups: filtered, searched, ordered, in pages."""
    require(token, *READS_GROUPS)
    query = read_query(call, "group", GROUP_PROPERTIES, advanced=("$search",))
    select = query.select()
    found = query.apply(token.directory.groups, group_properties)
    return page(
        call, query, found, lambda group: membership(group, token, select, cast=True), "groups"
    )


def group(call: Call, token: AccessToken) -> Response:
    require(token, *READS_GROUPS)
    select = read_query(call, "group", GROUP_PROPERTIES, advanced=()).select()
    key = call.parts["key"].lower()
    for known in token.directory.groups:
        if known.object_id == key:
            context = f"{call.url}/graph/v1.0/$metadata#groups/$entity"
            shown = membership(known, token, select, cast=True)
            return json_response({"@odata.context": context, **shown})
    raise not_found(call.parts["key"])


def _person(call: Call, token: AccessToken) -> Person:
    if call.parts.get("key") is None:
        person = signed_in(token)
        require(token, *READS_SELF, *READS_GROUPS)
        return person
    require(token, *READS_USERS, *READS_GROUPS)
    return named_person(call, token)


def _checked(person: Person, sent: dict[str, Any]) -> list[str]:
    asked = sent.get("groupIds")
    if not isinstance(asked, list) or not all(isinstance(value, str) for value in asked):
        raise bad_request("Invalid value specified for property 'groupIds' of resource 'Group'.")
    if len(asked) > CHECKED_AT_ONCE:
        raise bad_request(f"Number of group ids exceeds the maximum of {CHECKED_AT_ONCE}.")
    own = {group.object_id for group in person.all_groups}
    return [value for value in asked if value.lower() in own]


def _properties(item: Group | DirectoryRole) -> dict[str, Any]:
    known = group_properties(item) if isinstance(item, Group) else role_properties(item)
    return dict.fromkeys(GROUP_PROPERTIES | ROLE_PROPERTIES) | known


def _number(eventual: bool, number: int) -> Response:
    if not eventual:
        raise bad_request(
            "$count is not currently supported without the request header "
            "'ConsistencyLevel: eventual'."
        )
    return text_response(str(number), status=200)


def _json(call: Call) -> dict[str, Any]:
    try:
        sent = json.loads(call.request.body or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    return sent
