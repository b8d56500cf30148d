"""The issuer's address and those of its endpoints."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from ..conf import conf

NAMESPACE = "azuread_provider"
_DISCOVERY = ".well-known/openid-configuration"


def issuer(request: HttpRequest | None) -> str:
    """Return PUBLIC_URL and the prefix of our URLs, with a slash at the end, as Auth0 has it.

    Without a request, PUBLIC_URL has to be set.
    """
    return endpoint(request, "openid_configuration").removesuffix(_DISCOVERY)


def endpoint(request: HttpRequest | None, name: str) -> str:
    """Return the address of one of our URLs."""
    base = conf.public_url
    if not base and request is not None:
        # ALLOWED_HOSTS decides which hosts there are.
        base = f"{request.scheme}://{request.get_host()}"
    return base + reverse(f"{NAMESPACE}:{name}")
