"""Requests to addresses that clients name: none that reaches into the site's own network."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from ..conf import conf
from ..entra.deadline import reaching_only
from ..entra.transport import Secret, Timeouts, Transport
from ..hosts import ascii_host, is_loopback

#: RFC 6052: an IPv4 address in the last 32 bits.
_NAT64 = ip_network("64:ff9b::/96")
#: RFC 4291 section 2.4, and IANA's registry: all that the Internet uses of IPv6. The rest has had
#: many meanings, such as addresses of a site (``fec0::``), which ``ipaddress`` takes for public.
_IPV6_INTERNET = ip_network("2000::/3")


class AddressRefused(Exception):
    """An address to which nothing is sent."""


@sensitive_variables("form")
def post_form(url: str, form: dict[str, str], *, seconds: float) -> int:
    """Post a form; return the status. No redirect is followed.

    Raises ``AddressRefused``, and ``EntraError`` where nobody answers in time, or with a redirect.
    """
    guard = _guard(url)
    transport = Transport(Timeouts(seconds, seconds, seconds))
    with guard:
        return transport.post(url, {name: Secret(text) for name, text in form.items()}).status


def _guard(url: str) -> AbstractContextManager[None]:
    """Return the limits of a request to an address. Raises ``AddressRefused``.

    https only, and only to public IP addresses: also where a name leads elsewhere by the time of
    the request. A site on loopback, which is in development, has its clients there.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        raise AddressRefused("the address is malformed") from None
    shown = f"[{host}]" if ":" in host else host
    plain = f"{parts.scheme}://{shown}{f':{port}' if port is not None else ''}/"
    if not host or not url.startswith(plain) or not url.isprintable() or parts.fragment:
        # As it is spelled: user names, backslashes and the like are read in several ways.
        raise AddressRefused("the address is malformed")
    if is_loopback(host) and _is_site_on_loopback():
        return reaching_only(lambda address: ip_address(address.partition("%")[0]).is_loopback)
    if parts.scheme != "https":
        raise AddressRefused("the address does not begin with https://")
    if ascii_host(host) in conf.private_logout_hosts:
        return nullcontext()
    return reaching_only(is_public)


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the Internet's, and not of the site's own network."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.teredo is not None:
            return False
        embedded = _embedded(ip)
        if embedded is None and ip not in _IPV6_INTERNET:
            return False
        ip = embedded or ip
    return ip.is_global and not ip.is_multicast


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _is_site_on_loopback() -> bool:
    return is_loopback(urlsplit(conf.public_url).hostname)
