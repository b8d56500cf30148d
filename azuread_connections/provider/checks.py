"""System checks: what is missing for clients to sign people in safely."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections, router
from django.urls import NoReverseMatch, reverse
from oauth2_provider.settings import oauth2_settings

from ..conf import conf
from .issuer import NAMESPACE
from .models import OAuthClient

#: django-oauth-toolkit's switches for RFC 9700, of its present version and of later ones.
_SWITCH_PREFIX = "COMPLIANT_BCP_RFC9700_"
#: How many clients a warning names.
NAMED = 5


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


@register(Tags.security)
def check_signing_key(**kwargs: Any) -> list[CheckMessage]:
    """Warn where no signing key can be stored: it is encrypted."""
    if conf.encryption_keys:
        return []
    return [
        Warning(
            "There is no encryption key, so there is no signing key either, and no client can sign "
            "anybody in.",
            hint="Set AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'], then run rotate_signing_keys.",
            id="azuread_provider.W004",
        )
    ]


@register(Tags.database)
def check_logout_issuer(
    databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn where clients want to be told of sign-outs, and cannot be. Runs only with
    ``--database``."""
    alias = router.db_for_write(OAuthClient)
    if conf.public_url or alias not in (databases or ()):
        return []
    if OAuthClient._meta.db_table not in connections[alias].introspection.table_names():
        return []
    rows = OAuthClient.objects.using(alias).exclude(backchannel_logout_uri="")
    names = list(rows.values_list("application__slug", flat=True)[: NAMED + 1])
    if not names:
        return []
    more = " and others" if len(names) > NAMED else ""
    return [
        Warning(
            f"Nobody tells {', '.join(names[:NAMED])}{more} that a person has signed out: they "
            "have a back-channel logout URL, and PUBLIC_URL is empty.",
            hint="Set AZUREAD_CONNECTIONS['PUBLIC_URL']: the issuer of the notices is built on it.",
            id="azuread_provider.W003",
        )
    ]
