"""The SCIM endpoints of a connection: HTTP in, HTTP out (RFC 7644 section 3.2)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from ..entra.cloud import PERSONAL_TENANT_ID
from ..entra.frames import without_frame_variables
from ..entra.text import is_storable
from ..log_fields import LogEvent, log_fields
from ..models import Connection
from . import discovery, group_views, person_views, request_log
from .authentication import authenticate
from .errors import ScimError
from .exchange import Exchange
from .responses import error_response

logger = logging.getLogger("azuread_connections")

Handler = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Route:
    """The handlers of an address, by method. ``one``: of one resource; ``all``: of the list.
    ``name_of``: what the log calls a resource."""

    all: dict[str, Handler]
    one: dict[str, Handler]
    needs_directory: bool = False
    name_of: Callable[[Connection, str], str] | None = None


ROUTES = {
    "serviceproviderconfig": Route({"GET": discovery.service_provider_config}, {}),
    "resourcetypes": Route({"GET": discovery.resource_types}, {"GET": discovery.resource_type}),
    "schemas": Route({"GET": discovery.schemas}, {"GET": discovery.schema}),
    "users": Route(
        person_views.ALL, person_views.ONE, needs_directory=True, name_of=person_views.name_of
    ),
    "groups": Route(
        group_views.ALL, group_views.ONE, needs_directory=True, name_of=group_views.name_of
    ),
}
#: Not offered, as their answer says: RFC 7644 sections 3.4.3, 3.7 and 3.11.
_NOT_IMPLEMENTED = {
    "bulk": "Bulk operations are not offered. Send one request for each resource.",
    "me": "/Me is not offered: a token belongs to a directory, and not to a person.",
    ".search": "Searches by POST are not offered. Use GET with a filter.",
}


@csrf_exempt
@never_cache
@transaction.non_atomic_requests
@login_not_required
@without_frame_variables
def endpoint(request: HttpRequest, name: str, path: str = "") -> HttpResponse:
    """Answer a request to an address below a connection's base address; log it."""
    started = time.monotonic()
    try:
        connection = authenticate(request, name)
    except ScimError as refused:
        return error_response(refused)
    exchange = Exchange(request, connection)
    error = ScimError(200)
    try:
        response = _handle(exchange, path)
    except ScimError as refused:
        error, response = refused, error_response(refused)
    except Exception:
        logger.exception(
            "A provisioning request of %s failed.",
            connection.name,
            extra=log_fields(LogEvent.PROVISIONING_ERROR, connection=connection.name),
        )
        error = ScimError(500, "", "The site could not handle the request. Its log says why.")
        response = error_response(error)
    request_log.record(
        request,
        response,
        connection,
        subject=exchange.subject,
        scim_type=error.scim_type,
        detail=error.detail,
        milliseconds=round((time.monotonic() - started) * 1000),
    )
    return response


def _handle(exchange: Exchange, path: str) -> HttpResponse:
    kind, _, key = path.strip("/").partition("/")
    last = (key or kind).rpartition("/")[2].lower()
    if last in _NOT_IMPLEMENTED and kind.lower() not in {"resourcetypes", "schemas"}:
        raise ScimError(501, "", _NOT_IMPLEMENTED[last])
    route = ROUTES.get(kind.lower())
    if route is None or "/" in key or (key and not route.one) or not is_storable(key):
        raise ScimError(404, "", f"There is nothing at {path[:200]!r} below the base address.")
    handlers = route.one if key else route.all
    method = "GET" if exchange.request.method == "HEAD" else exchange.request.method or ""
    if method not in handlers:
        raise ScimError(
            405,
            "",
            f"{method} is not possible here.",
            headers={"Allow": ", ".join([*handlers, *(["HEAD"] if "GET" in handlers else [])])},
        )
    if route.needs_directory:
        _require_directory(exchange.connection)
    if not key:
        return handlers[method](exchange)
    try:
        return handlers[method](exchange, key)
    except Exception:
        _name_subject(exchange, route, key)
        raise


def _name_subject(exchange: Exchange, route: Route, key: str) -> None:
    """Let the log say whom a refused request was about: a PATCH names nobody, and a PUT the name
    that was refused."""
    if route.name_of is None:
        return
    # Neither a resource that is not there nor a database that is away hides what was wrong.
    with suppress(ScimError, DatabaseError, InterfaceError):
        exchange.subject = route.name_of(exchange.connection, key)


def _require_directory(connection: Connection) -> None:
    """Raise ``ScimError`` if it is not known whose people the token reports."""
    if not connection.tenant_id or connection.tenant_id == PERSONAL_TENANT_ID:
        raise ScimError(
            403,
            "",
            f"The connection {connection.name} is not tied to a directory yet. On its page in this "
            "site's administration, press “Check now”, or sign in by it once; then try again.",
        )
