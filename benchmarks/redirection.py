"""Redirects every peer to the stand-in instead of Microsoft, without changing its settings.

All peers are set up for `https://login.microsoftonline.com`, which some of them hard-code. The name
resolves to loopback instead, so they do the same work as for Microsoft, except DNS:

- `plain`: to the port of the stand-in. If `requests` takes a connection from urllib3's pools, it
gets one without TLS.
- `tls`: to the port of a proxy that has a certificate for the name.

Both cost a string comparison or less, and are the same for everybody.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from benchmarks.peers import HOST


def apply() -> None:
    """Apply the redirection that the runner has set in this process's environment."""
    if port := os.environ.get("BENCH_PLAIN_PORT"):
        _resolve_to(int(port))
        _leave_out_tls()
    elif port := os.environ.get("BENCH_TLS_PORT"):
        _resolve_to(int(port))


def _leave_out_tls() -> None:
    # Not above: without a redirection, a bare Django must stay bare.
    from urllib3 import PoolManager

    connect = PoolManager.connection_from_host

    def connect_plainly(
        self: PoolManager, host: str, port: Any = None, scheme: Any = "http", **others: Any
    ) -> Any:
        if host == HOST:
            port, scheme = 80, "http"
        return connect(self, host, port, scheme, **others)

    PoolManager.connection_from_host = connect_plainly  # type: ignore[method-assign,assignment]


def _resolve_to(port: int) -> None:
    resolve = socket.getaddrinfo

    def resolve_elsewhere(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == HOST:
            address = ("127.0.0.1", port)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]
        return resolve(host, *args, **kwargs)

    socket.getaddrinfo = resolve_elsewhere
