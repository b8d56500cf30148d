"""System checks: what is missing for clients to sign people in safely."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.urls import NoReverseMatch, reverse
from oauth2_provider.settings import oauth2_settings

from .issuer import NAMESPACE

#: django-oauth-toolkit's switches for RFC 9700, of its present version and of later ones.
_SWITCH_PREFIX = "COMPLIANT_BCP_RFC9700_"


@register(Tags.urls)
def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """Warn where no client can reach the endpoints."""
    try:
        reverse(f"{NAMESPACE}:token")
    except NoReverseMatch:
        return [
            Warning(
                "azuread_connections.provider is installed, but its URLs are not included, so no "
                "client can sign anybody in.",
                hint='Add path("", include("azuread_connections.provider.urls")) to the root '
                "URLconf.",
                id="azuread_provider.W001",
            )
        ]
    return []


@register(Tags.security)
def check_switches(**kwargs: Any) -> list[CheckMessage]:
    """Warn of django-oauth-toolkit's switches that leave an insecure behaviour on.

    Our endpoints behave as if they were on. Its own endpoints and views, if the site uses them, do
    not.
    """
    switches = [name for name in oauth2_settings.defaults if name.startswith(_SWITCH_PREFIX)]
    off = sorted(name for name in switches if not getattr(oauth2_settings, name))
    if not off:
        return []
    return [
        Warning(
            f"OAUTH2_PROVIDER leaves switches for RFC 9700 off: {', '.join(off)}.",
            hint="Set each of them to True in OAUTH2_PROVIDER.",
            id="azuread_provider.W002",
        )
    ]
