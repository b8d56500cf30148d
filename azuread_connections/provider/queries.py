"""The rows that each request of a client reads, by statements that are compiled once.

Building the SQL of one of these joins takes Django longer than all else that a request for tokens
does, the signature of its ID token included.

PostgreSQL plans a statement each time, and looks at every order of its joins: a join of nine tables
took it three milliseconds. What is one column of a row is therefore a subquery, which is planned
alone, and what the request has read before is not read again.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_refresh_token_model,
)

from ..models import Connection
from ..models.prepared import Parameter, Select
from .models import Authorization, OAuthClient
from .models.client_secret import digest_of
from .models.sent_secret import SentSecret

#: What an authorization is judged by, and what its claims are made of, apart from its client.
_JUDGED_BY = {
    "authorization": "",
    "user": "user",
    "identity": "identity",
    "connection": "connection",
    "api": "api",
}

_CLIENT = Select(
    lambda: (
        OAuthClient._default_manager.filter(oauth_application__client_id=Parameter("client_id"))
        .annotate(
            sent=FilteredRelation("secrets", condition=Q(secrets__digest=Parameter("digest")))
        )
        .order_by()
    ),
    models={
        "client": "",
        "oauth_application": "oauth_application",
        "application": "application",
    },
    columns=("sent__id", "sent__expires_at"),
)
_BY_CODE = Select(
    lambda: Authorization._default_manager.filter(
        code_digest=Parameter("digest"), client=Parameter("client")
    ).order_by(),
    models=_JUDGED_BY,
)
_BY_FAMILY = Select(
    lambda: Authorization._default_manager.filter(
        family=Parameter("family"), client=Parameter("client")
    ).order_by(),
    models=_JUDGED_BY,
)


def _by_access_token() -> QuerySet[Authorization]:
    tokens = get_access_token_model()._default_manager.order_by()
    token = tokens.filter(token_checksum=Parameter("digest"))
    connection = Connection._default_manager.filter(pk=OuterRef("connection")).order_by()
    client = OAuthClient._default_manager.filter(pk=OuterRef("client")).order_by()
    return (
        Authorization._default_manager.filter(access_token=Subquery(token.values("pk")[:1]))
        .annotate(
            token_expires=Subquery(token.values("expires")[:1]),
            token_scope=Subquery(token.values("scope")[:1]),
            connection_name=Subquery(connection.values("name")[:1]),
            client_id_sent=Subquery(client.values("oauth_application__client_id")[:1]),
        )
        .order_by()
    )


_BY_ACCESS_TOKEN = Select(
    _by_access_token,
    models={
        "authorization": "",
        "user": "user",
        "identity": "identity",
        "client": "client",
        "application": "client__application",
        "api": "api",
    },
    columns=("token_expires", "token_scope", "connection_name", "client_id_sent"),
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


@sensitive_variables("secret")
def client(client_id: str, secret: str = "") -> OAuthClient | None:
    """Return a client with its application, its row in django-oauth-toolkit, and, of the secret
    that was sent, what ``sent_secret`` says. ``secret``: "" if none was sent."""
    digest = digest_of(secret) if secret else ""
    row = _first(_CLIENT, router.db_for_write(OAuthClient), client_id=client_id, digest=digest)
    if row is None:
        return None
    found: OAuthClient = row.client
    found.oauth_application, found.application = row.oauth_application, row.application
    is_own = row.sent__id is not None
    found.sent_secret = SentSecret(digest, is_own, row.sent__expires_at) if digest else None
    return found


def authorization_by_code(client: OAuthClient, digest: str) -> Authorization | None:
    """Return a client's authorization, its code used or not."""
    return _of_client(client, _BY_CODE, digest=digest)


def authorization_by_family(client: OAuthClient, family: UUID) -> Authorization | None:
    """Return the authorization of a client's family of refresh tokens."""
    field = Authorization._meta.get_field("family")
    connection = connections[router.db_for_write(Authorization)]
    return _of_client(client, _BY_FAMILY, family=field.get_db_prep_value(family, connection))


def authorization_by_access_token(digest: str) -> Authorization | None:
    """Return what an access token rests on, with the token, valid or not.

    Of token and connection, and of the client's row in django-oauth-toolkit, only what ``userinfo``
    needs is read: Django reads another column when it is asked for.
    """
    using = router.db_for_write(Authorization)
    row = _first(_BY_ACCESS_TOKEN, using, digest=digest)
    if row is None:
        return None
    found: Authorization = row.authorization
    found.user, found.identity, found.api = row.user, row.identity, row.api
    found.client, found.client.application = row.client, row.application
    found.connection = _partial(Connection, using, found.connection_id, name=row.connection_name)
    found.access_token = _partial(
        get_access_token_model(),
        using,
        found.access_token_id,
        expires=row.token_expires,
        scope=row.token_scope,
    )
    found.client.oauth_application = _partial(
        get_application_model(),
        using,
        found.client.oauth_application_id,
        client_id=row.client_id_sent,
    )
    return found


def _partial(model: Any, using: str, key: Any, **columns: Any) -> Any:
    """Return a row of which only some columns were read."""
    if key is None:
        return None
    return model.from_db(using, [model._meta.pk.attname, *columns], [key, *columns.values()])


def refresh_token(client: OAuthClient, digest: str, using: str) -> Any:
    """Return django-oauth-toolkit's row of a client's refresh token, used or not, or None."""
    row = _first(_REFRESH_TOKEN, using, digest=digest, application=client.oauth_application_id)
    if row is None:
        return None
    row.refresh_token.access_token = row.access_token
    return row.refresh_token


def _of_client(client: OAuthClient, select: Select, **values: Any) -> Authorization | None:
    # Not of a replica, which may not have heard of a code that was given a moment ago.
    row = _first(select, router.db_for_write(Authorization), client=client.pk, **values)
    if row is None:
        return None
    found: Authorization = row.authorization
    found.user, found.identity, found.connection = row.user, row.identity, row.connection
    found.client, found.api = client, row.api
    return found


def _first(select: Select, using: str, **values: Any) -> SimpleNamespace | None:
    return next(select.rows(using, **values), None)
