"""Reads the setting DNS_SERVERS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

PORT = 53

_ENTRY = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^:\[\]/\s]+))(?::(?P<port>[0-9]{1,5}))?")
_HOST = re.compile(r"([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.?", re.I)


@dataclass(frozen=True)
class Server:
    """A DNS server. ``host``: an IP address, or a name that the system resolves."""

    host: str
    port: int = PORT


def read_server(entry: str) -> Server:
    """Read "host", "host:port", "[IPv6]" or "[IPv6]:port"; raise ``ValueError`` for all else."""
    match = _ENTRY.fullmatch(entry.strip())
    if match is None:
        raise ValueError(f"{entry!r} is not host[:port]")
    port = int(match["port"] or PORT)
    if not 0 < port < 65536:
        raise ValueError(f"{entry!r} has no valid port")
    if match["ipv6"]:
        return Server(str(IPv6Address(match["ipv6"])), port)
    return Server(_host(match["host"]), port)


def is_server(entry: object) -> bool:
    """Return whether an entry of the setting can be used."""
    try:
        return isinstance(entry, str) and bool(read_server(entry))
    except ValueError:
        return False


def _host(text: str) -> str:
    if text.replace(".", "").isdecimal():
        return str(ip_address(text))
    if not _HOST.fullmatch(text):
        raise ValueError(f"{text!r} is not a host")
    return text
