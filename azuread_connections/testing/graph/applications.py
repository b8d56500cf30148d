"""App registrations, which exist only in their home directory, and the directory itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..directory.apps import App
from ..oauth.access import AccessToken
from ..server.call import Call
from ..server.wire import Response, json_response
from .errors import GraphRefusal, not_found
from .objects import APP_PROPERTIES, app_properties, organization
from .query import page, read_query
from .service import require

READS_APPS = (
    *("Application.Read.All", "Application.ReadWrite.All"),
    *("Directory.Read.All", "Directory.ReadWrite.All"),
)


def applications(call: Call, token: AccessToken) -> Response:
    require(token, *_readers(token))
    query = read_query(call, "application", APP_PROPERTIES, advanced=("$search",))
    select = query.select()
    found = query.apply(_visible(token), app_properties)
    return page(call, query, found, lambda app: _shown(app, select), "applications")


def application(call: Call, token: AccessToken) -> Response:
    """One registration by its object ID, or by `(appId='…')`."""
    require(token, *_readers(token))
    select = read_query(call, "application", APP_PROPERTIES, advanced=()).select()
    app = named_app(call, _visible(token))
    context = f"{call.url}/graph/v1.0/$metadata#applications/$entity"
    return json_response({"@odata.context": context, **_shown(app, select)})


def named_app(call: Call, apps: Sequence[App]) -> App:
    """The app that the path names by its object ID, or by `(appId='…')`."""
    app_id, key = call.parts.get("app_id"), call.parts.get("key")
    for app in apps:
        if (app_id or key or "").lower() == (app.client_id if app_id else app.object_id):
            return app
    raise not_found(app_id or key or "")


def organizations(call: Call, token: AccessToken) -> Response:
    require(token, "Organization.Read.All", "Directory.Read.All", "User.Read", "User.Read.All")
    context = f"{call.url}/graph/v1.0/$metadata#organization"
    return json_response({"@odata.context": context, "value": [organization(token.directory)]})


def nowhere(call: Call, token: AccessToken) -> Response:
    segment = call.parts.get("rest", "").split("/")[0]
    raise GraphRefusal(400, f"Resource not found for the segment '{segment}'.", "BadRequest")


def _readers(token: AccessToken) -> tuple[str, ...]:
    """An app that manages its own registrations may read those."""
    return READS_APPS if token.person else (*READS_APPS, "Application.ReadWrite.OwnedBy")


def _visible(token: AccessToken) -> list[App]:
    if token.may(*READS_APPS):
        return token.directory.apps
    return [app for app in token.directory.apps if app is token.app]


def _shown(app: App, select: Sequence[str] | None) -> dict[str, Any]:
    """The keys of certificates are returned only if they are selected."""
    properties = app_properties(app)
    if select is None or "keyCredentials" not in select:
        properties["keyCredentials"] = [
            each | {"key": None} for each in properties["keyCredentials"]
        ]
    return {name: properties[name] for name in select or sorted(properties)}
