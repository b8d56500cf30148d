"""The paths of Graph, and the name under which each is counted."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..server.call import Call
from ..server.wire import Response
from . import app_credentials, applications, memberships, people
from .service import Handler, guarded

BASE = "/graph/v1[.]0"
KEY = "(?P<key>[^/]+)"
WHO = f"(?:me|users/{KEY})"
MEMBERS = (
    f"/{WHO}/(?P<relation>memberOf|transitiveMemberOf)(?P<cast>/microsoft[.]graph[.]group)?"
    r"(?P<number>/\$count)?"
)
APP = rf"/applications(?:/{KEY}|\(appId='(?P<app_id>[^']*)'\))"
ACTIONS = f"/{WHO}/(?P<member_action>getMemberObjects|getMemberGroups|checkMemberGroups)"


def _route(
    path: str, endpoint: str, handler: Handler, *methods: str
) -> tuple[re.Pattern[str], str, tuple[str, ...], Callable[[Call], Response]]:
    # Graph ignores the case of a path.
    pattern = re.compile(BASE + path, re.IGNORECASE)
    return pattern, endpoint, methods or ("GET",), guarded(handler)


GRAPH_ROUTES = (
    _route("/me", "me", people.me),
    _route(MEMBERS, "groups", memberships.member_of),
    _route(ACTIONS, "groups", memberships.member_actions, "POST"),
    _route("/groups", "groups", memberships.groups),
    _route(f"/groups/{KEY}", "groups", memberships.group),
    _route("/users", "users", people.users),
    _route(f"/users/{KEY}", "users", people.user),
    _route("/applications", "applications", applications.applications),
    _route(r"/applications\(appId='(?P<app_id>[^']*)'\)", "applications", applications.application),
    _route(f"/applications/{KEY}", "applications", applications.application),
    _route(f"{APP}/addPassword", "add_password", app_credentials.add_password, "POST"),
    _route(f"{APP}/removePassword", "remove_password", app_credentials.remove_password, "POST"),
    _route(f"{APP}/addKey", "add_key", app_credentials.add_key, "POST"),
    _route(f"{APP}/removeKey", "remove_key", app_credentials.remove_key, "POST"),
    _route("/organization", "graph", applications.organizations),
    _route("/(?P<rest>.*)", "graph", applications.nowhere, "GET", "POST", "PATCH", "DELETE"),
)
