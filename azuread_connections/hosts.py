"""Host names as browsers write them."""

from __future__ import annotations

import idna


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
