"""The app's own access to Graph. Its token is encrypted in the cache until it expires."""

from __future__ import annotations

from ..conf import CACHE_PREFIX, conf
from ..entra.credentials import Credential as WireCredential
from ..entra.errors import CredentialFailed
from ..entra.frames import without_frame_variables
from ..entra.graph import Graph
from ..entra.tokens import AppToken, request_app_token
from ..models import Connection, Credential, Sealed, UndecryptableError
from ..models.credential import NoUsableCredential, readable_credentials
from . import client as microsoft

#: Seconds before a token's expiry from which it is not used any more.
_EARLY = 120


class UsersApiDisabled(Exception):
    """The connection's option "Enable Users API" is off."""


@without_frame_variables
def graph_of(connection: Connection) -> Graph:
    """Return Graph with the app's own permissions in the connection's own directory.

    Raises ``UsersApiDisabled`` if "Enable Users API" is off, and ``EntraError`` or
    ``NoUsableCredential`` if there is no token. The methods of ``Graph`` raise ``EntraError``.
    """
    if not connection.enable_users_api:
        raise UsersApiDisabled(f"“Enable Users API” is off for the connection {connection}.")
    return microsoft.graph(connection.cloud, app_token(connection))


def app_token(connection: Connection) -> str:
    """Return an access token of the app in the connection's own directory.

    Raises ``EntraError`` and ``NoUsableCredential``.
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


def token_with(connection: Connection, credential: Credential) -> AppToken:
    """Request a token with one credential, and record whether it works.

    Raises ``EntraError`` and ``UndecryptableError``.
    """
    try:
        token = request_with(connection, credential.for_request(connection))
    except CredentialFailed as error:
        credential.record_failure(error)
        raise
    credential.record_success()
    return token


def request_with(connection: Connection, credential: WireCredential) -> AppToken:
    """Request a token with a credential that need not be stored. Raises ``EntraError``."""
    authority = microsoft.authority(connection.cloud, connection.directory, connection.identity_api)
    return request_app_token(microsoft.transport(), authority, connection.client_id, credential)


def _request(connection: Connection) -> AppToken:
    failure: CredentialFailed | None = None
    for credential in readable_credentials(connection):
        try:
            return token_with(connection, credential)
        except CredentialFailed as error:
            failure = error
    raise failure or NoUsableCredential("The connection has no credential.")


def _cache_key(connection: Connection) -> str:
    parts = ("app", str(connection.pk), connection.client_id, connection.directory)
    return ":".join((CACHE_PREFIX, *parts))


def _opened(ciphertext: str | None) -> str:
    try:
        return Sealed(ciphertext).reveal() if ciphertext else ""
    except UndecryptableError:
        return ""
