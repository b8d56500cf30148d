"""The token in a connection's front-channel logout address."""

from __future__ import annotations

import hmac

from ...conf import conf
from ...models import Connection


def frontchannel_token(connection: Connection) -> str:
    """Return the part of a connection's front-channel logout address that cannot be guessed."""
    return _token(connection, conf.sealing_keys[0])


def is_frontchannel_token(connection: Connection, token: str) -> bool:
    """Return whether a token is the connection's, by SECRET_KEY or one of its fall-backs."""
    given = token.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(_token(connection, key).encode(), given) for key in conf.sealing_keys
    )


def _token(connection: Connection, key: bytes) -> str:
    message = f"azuread_connections.frontchannel:{connection.pk}:{connection.client_id}"
    return f"{hmac.digest(key, message.encode(), 'sha256').hex()[:40]}-{connection.pk}"
