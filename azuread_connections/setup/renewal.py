"""The link for a connection's contact in the notice that a credential ends."""

from __future__ import annotations

from ..conf import conf
from ..models import Connection, Credential, SetupLink
from .links import create_link


def renewal_address(connection: Connection) -> str:
    """Create a link with which a credential is added to the connection; return its address.

    "" if the site's address is not known (PUBLIC_URL), or if the connection has a federated
    credential, which does not end.
    """
    federated = connection.credentials.filter(kind=Credential.Kind.FEDERATED)
    if not conf.public_url or not connection.is_complete or federated.exists():
        return ""
    return create_link(connection=connection, purpose=SetupLink.Purpose.RENEW).address()
