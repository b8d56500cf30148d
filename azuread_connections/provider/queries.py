"""The rows that each request of a client reads, by statements that are compiled once.

Building the SQL of one of these joins takes Django longer than all else that a request for tokens
does, the signature of its ID token included.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import F
from oauth2_provider.models import get_refresh_token_model

from ..models.prepared import Parameter, Select
from .models import Authorization, OAuthClient

#: What an authorization is judged by, and what its claims are made of.
_JUDGED_BY = {
    "authorization": "",
    "user": "user",
    "identity": "identity",
    "connection": "connection",
    "client": "client",
    "application": "client__application",
    "api": "api",
}

_CLIENT = Select(
    lambda: OAuthClient._default_manager.filter(
        oauth_application__client_id=Parameter("client_id")
    ).order_by(),
    models={
        "client": "",
        "oauth_application": "oauth_application",
        "application": "application",
    },
)
_BY_CODE = Select(
    lambda: Authorization._default_manager.filter(
        code_digest=Parameter("digest"), client=Parameter("client")
    ).order_by(),
    models=_JUDGED_BY,
)
_BY_FAMILY = Select(
    lambda: Authorization._default_manager.filter(family=Parameter("family")).order_by(),
    models=_JUDGED_BY,
)
_BY_ACCESS_TOKEN = Select(
    lambda: Authorization._default_manager.filter(
        access_token__token_checksum=Parameter("digest")
    ).order_by(),
    models={
        **_JUDGED_BY,
        "access_token": "access_token",
        "oauth_application": "client__oauth_application",
    },
)
_REFRESH_TOKEN = Select(
    lambda: (
        get_refresh_token_model()
        ._default_manager.filter(
            token_checksum=Parameter("digest"), application=Parameter("application")
        )
        # One that is not used yet, if several have the same digest.
        .order_by(F("revoked").desc(nulls_first=True))
    ),
    models={"refresh_token": "", "access_token": "access_token"},
)


def client(client_id: str) -> OAuthClient | None:
    """Return a client with its application and its row in django-oauth-toolkit."""
    row = _first(_CLIENT, router.db_for_read(OAuthClient), client_id=client_id)
    if row is None:
        return None
    found: OAuthClient = row.client
    found.oauth_application, found.application = row.oauth_application, row.application
    return found


def authorization_by_code(client: OAuthClient, digest: str) -> Authorization | None:
    """Return a client's authorization, its code used or not."""
    return _authorization(_BY_CODE, digest=digest, client=client.pk)


def authorization_by_family(family: UUID) -> Authorization | None:
    field = Authorization._meta.get_field("family")
    connection = connections[router.db_for_write(Authorization)]
    return _authorization(_BY_FAMILY, family=field.get_db_prep_value(family, connection))


def authorization_by_access_token(digest: str) -> Authorization | None:
    """Return what an access token rests on, with the token, valid or not."""
    return _authorization(_BY_ACCESS_TOKEN, digest=digest)


def refresh_token(client: OAuthClient, digest: str, using: str) -> Any:
    """Return django-oauth-toolkit's row of a client's refresh token, used or not, or None."""
    row = _first(_REFRESH_TOKEN, using, digest=digest, application=client.oauth_application_id)
    if row is None:
        return None
    row.refresh_token.access_token = row.access_token
    return row.refresh_token


def _authorization(select: Select, **values: Any) -> Authorization | None:
    # Not of a replica, which may not have heard of a code that was given a moment ago.
    row = _first(select, router.db_for_write(Authorization), **values)
    if row is None:
        return None
    found: Authorization = row.authorization
    found.user, found.identity, found.connection = row.user, row.identity, row.connection
    found.client, found.client.application, found.api = row.client, row.application, row.api
    if select is _BY_ACCESS_TOKEN:
        found.access_token = row.access_token
        found.client.oauth_application = row.oauth_application
    return found


def _first(select: Select, using: str, **values: Any) -> SimpleNamespace | None:
    return next(select.rows(using, **values), None)
