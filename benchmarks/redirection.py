"""Leads every peer to the stand-in instead of Microsoft, without their knowing.

All peers are set up for `https://login.microsoftonline.com`, which some of them hard-code. What
they send there goes elsewhere:

- `plain`: the address of each request is replaced as it leaves `requests`, and goes to the
  stand-in by plain HTTP on loopback.
- `tls`: the name resolves to loopback and to the port of a proxy that has a certificate for it, so
  the peers do all that they do against Microsoft but asking the DNS.

Both cost a string comparison or less, and are the same for everybody.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from benchmarks.peers import HOST, LOGIN_URL


def apply() -> None:
    """Do what the runner has written into the environment of this process."""
    if plain := os.environ.get("BENCH_PLAIN"):
        _send_to(plain)
    if tls_port := os.environ.get("BENCH_TLS_PORT"):
        _resolve_to(int(tls_port))


def _send_to(address: str) -> None:
    # Not above: without a redirection, a bare Django must stay bare.
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def send_elsewhere(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.url.startswith(LOGIN_URL):
            request.url = address + request.url[len(LOGIN_URL) :]
            request.headers["Host"] = HOST
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = send_elsewhere  # type: ignore[method-assign]


def _resolve_to(port: int) -> None:
    resolve = socket.getaddrinfo

    def resolve_elsewhere(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == HOST:
            address = ("127.0.0.1", port)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]
        return resolve(host, *args, **kwargs)

    socket.getaddrinfo = resolve_elsewhere
