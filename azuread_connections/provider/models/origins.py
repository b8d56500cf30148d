"""Web origins, as browsers send them in the header ``Origin``."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...hosts import ascii_host, is_loopback

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#@:\[\]\s\\]+|\[[0-9a-f:]+\])(:(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def clean_origin(text: str) -> str:
    """Return an origin in lower case and ASCII, without a default port, as browsers send it.

    Raises ``ValidationError`` for anything else than ``https://host`` with or without a port, and
    ``http`` on loopback.
    """
    found = _ORIGIN.fullmatch(text.strip())
    scheme = found["scheme"].lower() if found else ""
    host = (found["host"] if found else "").lower()
    if not host.startswith("["):
        host = ascii_host(host)
    port = int(found["port"]) if found and found["port"] else _DEFAULT_PORTS.get(scheme, 0)
    is_safe = scheme == "https" or is_loopback(host.strip("[]"))
    if not host or "*" in host or not is_safe or not 0 < port < 65_536:
        raise ValidationError(
            _("“%(line)s” is not an origin, such as https://app.example.com (http for localhost)."),
            code="origin",
            params={"line": text},
        )
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")
