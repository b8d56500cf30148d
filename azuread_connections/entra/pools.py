"""The connections that are kept open to each of Microsoft's hosts.

requests finds the way out that the environment names, proxy and authorities, and lays out urllib3's
pools for it. What it does for every request on top, such as cookies and redirects, is not wanted.
"""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from requests import PreparedRequest, Request, Session
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from .deadline import DeadlineAdapter


@lru_cache(maxsize=64)
def pool_of(site: str, process_id: int) -> Any:
    """Return urllib3's pool for a site ("https://login.microsoftonline.com").

    Keyed by process, so that connections are opened after a fork. The environment is read once: it
    does not change while a process runs. Raises ``OSError`` where it names what is not there.
    """
    way_out = Session().merge_environment_settings(site, {}, None, None, None)
    request = Request("GET", site).prepare()
    return _adapter(process_id).get_connection_with_tls_context(
        request, way_out["verify"], way_out["proxies"]
    )


@lru_cache(maxsize=1)
def _adapter(process_id: int) -> DeadlineAdapter:
    return _Adapter(pool_connections=8, pool_maxsize=32)


class _Adapter(DeadlineAdapter):
    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, _tls = super().build_connection_pool_key_attributes(request, verify, cert)
        authorities = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
        return host, {"ssl_context": _trusting(authorities)}


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """Return what trusts a file or a directory of certificates.

    It is made once for all connections: reading the certificates takes longer than a sign-in.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if Path(authorities).is_dir():
        context.load_verify_locations(capath=authorities)
    else:
        context.load_verify_locations(cafile=authorities)
    return context
