"""Host names and origins as browsers write them."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

_SITE = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]+)?",
    re.ASCII | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def ascii_host(host: str) -> str:
    """Return ``host`` or ``host:port`` in lower case and ASCII, or "" if it is not valid in IDNA.

    Browsers send an international name in ASCII ("xn--…", UTS #46 and RFC 5891), so a value that is
    compared with a request's Host must be in ASCII, too. An ASCII name is not checked.
    """
    host = host.lower()
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    try:
        return f"{idna.encode(name, uts46=True).decode()}{colon}{port}"
    except idna.IDNAError:
        return ""


@lru_cache(maxsize=16)
def normalize_origin(url: str) -> str:
    """Return the scheme and host of a site as browsers write them: in lower case, in ASCII, without
    the default port.

    Origins can be compared only in this form. A value that is not the address of a site is returned
    unchanged.
    """
    url = url.rstrip("/")
    scheme, separator, host = url.partition("://")
    site = _SITE.fullmatch(f"{scheme}{separator}{ascii_host(host)}")
    if site is None:
        return url
    scheme, host, port = site["scheme"].lower(), site["host"].lower(), site["port"] or ""
    return f"{scheme}://{host}{port if port != _DEFAULT_PORTS[scheme] else ''}"


def is_loopback(hostname: str | None) -> bool:
    return hostname in {"localhost", "127.0.0.1", "::1"}
