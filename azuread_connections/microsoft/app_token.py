"""The app's own access to Graph. Its token is encrypted in the cache until it expires."""

from __future__ import annotations

from ..conf import CACHE_PREFIX, conf
from ..entra.errors import SecretRejected
from ..entra.frames import without_frame_variables
from ..entra.graph import Graph
from ..entra.tokens import AppToken, request_app_token
from ..models import ClientSecret, Connection, Sealed, UndecryptableError
from ..models.secret import NoUsableSecret, readable_secrets
from . import client as microsoft

#: Seconds before a token's expiry from which it is not used any more.
_EARLY = 120


class UsersApiDisabled(Exception):
    """The connection's option "Enable Users API" is off."""


@without_frame_variables
def graph_of(connection: Connection) -> Graph:
    """Return Graph with the app's own permissions in the connection's own directory.

    Raises ``UsersApiDisabled`` if "Enable Users API" is off, and ``EntraError`` or
    ``NoUsableSecret`` if there is no token. The methods of ``Graph`` raise ``EntraError``.
    """
    if not connection.enable_users_api:
        raise UsersApiDisabled(f"“Enable Users API” is off for the connection {connection}.")
    return microsoft.graph(connection.cloud, app_token(connection))


def app_token(connection: Connection) -> str:
    """Return an access token of the app in the connection's own directory.

    Raises ``EntraError`` and ``NoUsableSecret``.
    """
    key = _cache_key(connection)
    if known := _opened(conf.cache.get(key)):
        return known
    token = _request(connection)
    if token.expires_in > _EARLY:
        sealed = Sealed.seal(token.access_token).ciphertext
        conf.cache.set(key, sealed, token.expires_in - _EARLY)
    return token.access_token


def forget_token(connection: Connection) -> None:
    """Drop the cached token: a token has the permissions of the time when it was issued."""
    conf.cache.set(_cache_key(connection), "", 1)


def token_with(connection: Connection, secret: ClientSecret) -> AppToken:
    """Request a token with one secret, and record whether Microsoft accepts it.

    Raises ``EntraError`` and ``UndecryptableError``.
    """
    authority = microsoft.authority(connection.cloud, connection.directory, connection.identity_api)
    try:
        token = request_app_token(
            microsoft.transport(), authority, connection.client_id, secret.credential
        )
    except SecretRejected:
        secret.record_refusal()
        raise
    secret.record_success()
    return token


def _request(connection: Connection) -> AppToken:
    refusal: SecretRejected | None = None
    for secret in readable_secrets(connection):
        try:
            return token_with(connection, secret)
        except SecretRejected as error:
            refusal = error
    raise refusal or NoUsableSecret("The connection has no client secret.")


def _cache_key(connection: Connection) -> str:
    parts = ("app", str(connection.pk), connection.client_id, connection.directory)
    return ":".join((CACHE_PREFIX, *parts))


def _opened(ciphertext: str | None) -> str:
    try:
        return Sealed(ciphertext).reveal() if ciphertext else ""
    except UndecryptableError:
        return ""
