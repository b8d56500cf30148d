"""What oauthlib's request carries of Django's: the issuer's address and the client's own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ..client_address import client_address
from .issuer import issuer

_ISSUER = "X-Issuer"
_ADDRESS = "X-Client-Address"


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Return what the validator reads. No other header of a request has any effect."""
    headers = {_ISSUER: issuer(request), _ADDRESS: client_address(request) or ""}
    if given := request.META.get("HTTP_AUTHORIZATION"):
        headers["Authorization"] = given
    return headers


def issuer_of(request: Any) -> str:
    """Return the issuer, of a request of oauthlib's."""
    return str(request.headers[_ISSUER])


def address_of(request: Any) -> str | None:
    """Return the IP address that a request of oauthlib's came from."""
    return request.headers.get(_ADDRESS) or None
