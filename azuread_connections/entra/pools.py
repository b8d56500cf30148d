"""Pools of open connections, one for each of Microsoft's hosts.

requests reads proxy and CA bundle from the environment and creates urllib3's pools with them. Its
sessions are not used for the requests themselves: cookies and redirects are not wanted.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import Any, NamedTuple

from requests import PreparedRequest, Request, Session
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from .deadline import DeadlineAdapter


class CABundle(NamedTuple):
    """A file or directory of trusted certificates. ``version`` changes when it is replaced."""

    path: str
    version: tuple[int, int, int]


def pool_of(site: str) -> Any:
    """Return urllib3's pool for a site ("https://login.microsoftonline.com").

    Raises ``OSError`` if the CA bundle that the environment names does not exist.
    """
    return _pool(site, _ca_bundle(site), os.getpid())


@lru_cache(maxsize=64)
def _environment_settings(site: str) -> Any:
    """Return requests' settings for a site, from environment variables."""
    return Session().merge_environment_settings(site, {}, None, None, None)


def _ca_bundle(site: str) -> CABundle:
    """Return the CA bundle. It is checked each time, as it can be renewed while processes run."""
    verify = _environment_settings(site)["verify"]
    path = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    found = os.stat(path)
    return CABundle(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=64)
def _pool(site: str, authorities: CABundle, process_id: int) -> Any:
    """Cached by process, so that a fork does not share connections."""
    return _adapter(authorities, process_id).get_connection_with_tls_context(
        Request("GET", site).prepare(), authorities.path, _environment_settings(site)["proxies"]
    )


@lru_cache(maxsize=4)
def _adapter(authorities: CABundle, process_id: int) -> DeadlineAdapter:
    return _Adapter(_trusting(authorities.path))


class _Adapter(DeadlineAdapter):
    """Uses one TLS context for all connections.

    urllib3 would read the CA bundle again for each, which takes longer than a sign-in.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__(pool_connections=8, pool_maxsize=32)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, _tls = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._tls}

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        if proxy.lower().startswith("https:"):
            options["proxy_ssl_context"] = self._tls
        return super().proxy_manager_for(proxy, **options)


def _trusting(path: str) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if os.path.isdir(path):
        context.load_verify_locations(capath=path)
    else:
        context.load_verify_locations(cafile=path)
    return context
