"""Exports clients, APIs and client grants for ``import_applications``, without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from ...models.batches import each_row
from ..models import API, ClientGrant, OAuthClient
from ..models.client import SUPPORTED_GRANT_TYPES
from .fields import (
    APP_TYPE,
    APP_TYPES,
    APPLICATION_FIELDS,
    AUTH_METHOD,
    BACKCHANNEL_URLS,
    CLIENT_FIELDS,
    CLIENT_ID,
    GRANT_TYPES,
    METADATA,
    NAME,
    SLUG,
    WEB_ORIGINS,
)

#: Rows read at once; limits memory at any number of clients.
PAGE_SIZE = 200

Entry = dict[str, Any]


def export_applications(clients: QuerySet[OAuthClient]) -> Iterator[str]:
    """Yield the pieces of a JSON object in the shape of Auth0's deploy CLI: these clients with
    their grants, and the APIs of those grants; all APIs if all clients are exported.

    Imported into a site that has none of them, it gives the same clients, except for secrets,
    signing keys and what was stored of people.
    """
    grants = ClientGrant._default_manager.order_by("pk").select_related(
        "client__oauth_application", "api"
    )
    apis = API._default_manager.order_by("pk")
    if clients.query.is_sliced or clients.query.where:
        grants = grants.filter(client__in=clients.values("pk"))
        apis = apis.filter(pk__in=grants.values("api"))
    rows = clients.select_related("application", "oauth_application").order_by("pk")
    yield "{\n"
    yield from _section(
        "clients", map(_client, each_row(rows.prefetch_related("web_origin_rows"), PAGE_SIZE))
    )
    yield ",\n"
    yield from _section("resourceServers", map(_api, each_row(apis, PAGE_SIZE)))
    yield ",\n"
    yield from _section("clientGrants", map(_grant, each_row(grants, PAGE_SIZE)))
    yield "\n}\n"


def _section(key: str, entries: Iterable[Entry]) -> Iterator[str]:
    yield f'"{key}": ['
    before = "\n"
    for entry in entries:
        yield before + json.dumps(entry, indent=2)
        before = ",\n"
    yield "]" if before == "\n" else "\n]"


def _client(client: OAuthClient) -> Entry:
    application = client.application
    words = {stored.value: word for word, stored in APP_TYPES.items()}
    ticked = application.grant_types if isinstance(application.grant_types, list) else []
    entry: Entry = {NAME: application.name, CLIENT_ID: client.client_id}
    _put(entry, APP_TYPE, words[application.application_type])
    for field in APPLICATION_FIELDS:
        _put(entry, field.key, getattr(application, field.field))
    for field in CLIENT_FIELDS:
        _put(entry, field.key, getattr(client, field.field))
    _put(entry, WEB_ORIGINS, client.web_origins)
    offered = [each for each in ticked if each in SUPPORTED_GRANT_TYPES]
    _put(entry, GRANT_TYPES, offered)
    _put(entry, AUTH_METHOD, "none" if client.is_public else "client_secret_post")
    _put(entry, "jwt_configuration.alg", "RS256")
    _put(entry, "refresh_token.rotation_type", "rotating")
    _put(entry, "refresh_token.expiration_type", "expiring")
    logout_uri = client.backchannel_logout_uri
    _put(entry, BACKCHANNEL_URLS, [logout_uri] if logout_uri else [])
    _put(entry, METADATA, client.metadata)
    _put(entry, SLUG, application.slug)
    return entry


def _api(api: API) -> Entry:
    scopes = api.scope_descriptions.items()
    return {
        "name": api.name,
        "identifier": api.identifier,
        "scopes": [{"value": value, "description": meaning} for value, meaning in scopes],
        "token_lifetime": api.token_lifetime,
        "signing_alg": "RS256",
    }


def _grant(grant: ClientGrant) -> Entry:
    return {
        "client_id": grant.client.client_id,
        "audience": grant.api.identifier,
        "scope": grant.scope.split(),
    }


def _put(entry: Entry, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        entry = entry.setdefault(parent, {})
    entry[last] = value
