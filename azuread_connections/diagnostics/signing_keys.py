"""Fetches Microsoft's signing keys when an administrator asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..microsoft import client as microsoft
from ..models import Connection


@dataclass
class KeyRefresh:
    """Fetches connections' signing keys. An address that many connections share is fetched once.

    ``drop_unpublished``: forget keys that Microsoft does not currently publish. This is for an
    emergency, such as a key that was stolen from Microsoft. Other processes can use a key that they
    have just used for at most 30 seconds more.
    """

    drop_unpublished: bool
    _shared: dict[str, int] = field(default_factory=dict)

    def refresh(self, connection: Connection) -> int:
        """Return how many keys are published for the connection. Raises ``EntraError``."""
        authority = microsoft.authority(
            connection.cloud, connection.sign_in_segment, connection.identity_api
        )
        url = authority.keys_url
        keys = microsoft.signing_keys()
        number = self._shared.get(url)
        if number is None:
            number = keys.refresh(url, drop_unpublished=self.drop_unpublished)
        if "/common/" in url:
            # Only these addresses stay few when the number of connections grows.
            self._shared[url] = number
        if self.drop_unpublished:
            keys.refresh_app_keys(authority.app_keys_url(connection.client_id))
        return number
