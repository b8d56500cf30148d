"""The address that an administrator enters in Entra as Tenant URL."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..conf import conf
from ..models import Connection

_ROUTE = "azuread_scim:service_provider_config"
_ENDPOINT = "/ServiceProviderConfig"

#: Makes Entra send what RFC 7644 says, instead of its older forms.
FLAG = "aadOptscim062020"


def base_address(connection: Connection, request: HttpRequest | None = None) -> str:
    """Return a connection's base address, without a slash at its end; "" if the site does not
    include this app's URLs, or, without a request, has no PUBLIC_URL."""
    try:
        path = reverse(_ROUTE, args=[connection.name])
    except NoReverseMatch:
        return ""
    site = conf.public_url
    if not site and request is not None:
        site = f"{request.scheme}://{request.get_host()}"
    return site + path.removesuffix(_ENDPOINT) if site else ""
