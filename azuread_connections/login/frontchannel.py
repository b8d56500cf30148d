"""The token in a connection's front-channel logout address."""

from __future__ import annotations

import hmac

from ..conf import conf
from ..models import Connection


def frontchannel_token(connection: Connection) -> str:
    """Return what makes a connection's front-channel logout address hard to guess."""
    key = conf.sealing_keys[0]
    message = f"azuread_connections.frontchannel:{connection.pk}:{connection.client_id}"
    return hmac.digest(key, message.encode(), "sha256").hex()[:40] + f"-{connection.pk}"
