"""Builds the objects of ``entra`` from the site's settings."""

from __future__ import annotations

from ..conf import conf
from ..entra.cloud import CLOUDS, PERSONAL_TENANT_ID, Authority, Cloud
from ..entra.discovery import find_tenant_id
from ..entra.errors import PersonalDirectory
from ..entra.graph import Graph
from ..entra.metadata import RecentKeys, SigningKeys
from ..entra.transport import Timeouts, Transport

#: The signing keys that this process has used.
RECENT_KEYS: RecentKeys = {}


def _cloud(name: str) -> Cloud:
    """Return the cloud of this name; the global one with the development hosts, if set."""
    chosen = CLOUDS[name]
    if name != "global":
        return chosen
    return chosen.moved(login_url=conf.login_url, graph_url=conf.graph_url)


def authority(cloud: str, tenant: str, identity_api: str) -> Authority:
    return Authority(_cloud(cloud), tenant, identity_api)


def transport() -> Transport:
    return Transport(Timeouts(*conf.timeouts))


def preconnect(cloud: str) -> None:
    """Begin to open a connection to a cloud's login host, and return at once. Sends no request."""
    transport().preconnect(_cloud(cloud).login_url)


def signing_keys() -> SigningKeys:
    # Not with a stand-in: tests empty the cache and expect that its keys are forgotten.
    return SigningKeys(transport(), conf.cache, recent=None if conf.login_url else RECENT_KEYS)


def find_directory(*, domain: str, cloud: str, identity_api: str) -> str:
    """Return the GUID of the directory that a domain belongs to, in one request.

    Raises ``EntraError``: ``DirectoryNotFound`` for a domain that Microsoft does not know in this
    cloud (its subclass ``OtherCloud`` says where the directory is), ``PersonalDirectory`` for one
    of personal accounts, ``Unreachable`` if Microsoft does not answer.
    """
    found = find_tenant_id(transport(), authority(cloud, domain, identity_api))
    if found == PERSONAL_TENANT_ID:
        raise PersonalDirectory(f"{domain} is a domain of personal Microsoft accounts.")
    return found


def graph(cloud: str, access_token: str, deadline: float = float("inf")) -> Graph:
    """Return a client of a cloud's Graph that uses this token."""
    return Graph(transport(), _cloud(cloud), access_token, deadline)
