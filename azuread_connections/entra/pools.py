"""The connections that are kept open to each of Microsoft's hosts.

requests finds the way out that the environment names, proxy and authorities, and lays out urllib3's
pools for it. What it does for every request on top, such as cookies and redirects, is not wanted.
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
    """A file or directory of certificates that are trusted, as it was when it was looked at."""

    path: str
    version: tuple[int, int, int]


def pool_of(site: str) -> Any:
    """Return urllib3's pool for a site ("https://login.microsoftonline.com").

    Raises ``OSError`` where the authorities are not where the environment says.
    """
    return _pool(site, _ca_bundle(site), os.getpid())


@lru_cache(maxsize=64)
def _environment_settings(site: str) -> Any:
    """Return what the environment says, which does not change while a process runs."""
    return Session().merge_environment_settings(site, {}, None, None, None)


def _ca_bundle(site: str) -> CABundle:
    """Return whom to trust. Looked at each time: a bundle is renewed while processes run."""
    verify = _environment_settings(site)["verify"]
    path = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    found = os.stat(path)
    return CABundle(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=64)
def _pool(site: str, authorities: CABundle, process_id: int) -> Any:
    """Keyed by process, so that connections are opened after a fork."""
    return _adapter(authorities, process_id).get_connection_with_tls_context(
        Request("GET", site).prepare(), authorities.path, _environment_settings(site)["proxies"]
    )


@lru_cache(maxsize=4)
def _adapter(authorities: CABundle, process_id: int) -> DeadlineAdapter:
    return _Adapter(_trusting(authorities.path))


class _Adapter(DeadlineAdapter):
    """Has one TLS context for all connections.

    urllib3 would read the authorities anew for each, which takes longer than a sign-in.
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
