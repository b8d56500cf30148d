"""The client's address of a request, for the log and for limits on each client."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

from .conf import conf

# "192.0.2.1:4711" and "[2001:db8::1]:4711": some proxies add the client's port (Azure Application
# Gateway and App Service do). An IPv6 address with a port always has brackets (RFC 3986).
_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[^\]]*)\](:[0-9]{1,5})?")


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address. X-Forwarded-For is read only as far as proxies are trusted."""
    address = request.META.get("REMOTE_ADDR", "")
    if conf.trusted_proxies:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        named = [entry for entry in forwarded if entry.strip()]
        address = named[-conf.trusted_proxies :][0] if named else ""
    return parse_address(address)


def parse_address(text: str) -> str | None:
    """Return the IP address in an entry of X-Forwarded-For; None if it has none.

    Removes a port, brackets, quotes, the syntax of ``Forwarded`` (RFC 7239), and a zone ID, which
    names a network interface of the proxy and which no database stores. An IPv4-mapped IPv6 address
    is returned as IPv4.
    """
    text = text.strip().partition(";")[0]
    if text[:4].lower() == "for=":
        text = text[4:]
    text = text.strip().strip('"').strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match["v4"] or match["v6"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)
