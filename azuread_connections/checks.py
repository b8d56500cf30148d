"""System checks: what is missing for people to sign in, each with the hint that mends it.

They warn, and become errors only under ``check --deploy``, so that ``migrate`` never stops. What
must not run at all (a replaced login host in production) is refused where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from .conf import DEFAULTS, conf
from .login.backend import ConnectionBackend
from .models.fields import KEY_COMMAND

BACKEND = "azuread_connections.backends.ConnectionBackend"


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Warn of what is missing or misspelt."""
    return [
        Warning(message, hint=hint, id=f"azuread_connections.W{number:03}")
        for number, message, hint in _findings()
    ]


@register(Tags.security, deploy=True)
def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Fail a deployment in which nobody could sign in, or somebody else could."""
    return [
        Error(message, hint=hint, id=f"azuread_connections.E{number:03}")
        for number, message, hint in (*_findings(), *_deployment_findings())
    ]


Finding = tuple[int, str, str]


def _findings() -> Iterator[Finding]:
    if not any(_is_our_backend(path) for path in conf.authentication_backends):
        yield (
            1,
            "The authentication backend is missing, so nobody can sign in by a connection.",
            f"Add '{BACKEND}' to AUTHENTICATION_BACKENDS.",
        )
    try:
        reverse("azuread_connections:callback")
    except NoReverseMatch:
        yield (
            2,
            "The app's addresses are missing, so Microsoft has nowhere to send people back to.",
            "Add path('login/', include('azuread_connections.urls')) to your URLconf.",
        )
    if not conf.encryption_keys:
        yield (
            3,
            "There is no encryption key, so client secrets cannot be stored.",
            f"Set AZUREAD_CONNECTIONS['ENCRYPTION_KEYS']. Make a key with: {KEY_COMMAND}",
        )
    elif not all(_is_fernet_key(key) for key in conf.encryption_keys):
        yield (
            4,
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] holds a value that is no Fernet key.",
            f"Make a key with: {KEY_COMMAND}",
        )
    if unknown := sorted(set(conf.configured) - set(DEFAULTS)):
        yield (
            5,
            f"AZUREAD_CONNECTIONS has unknown keys: {', '.join(unknown)}.",
            f"Known keys are: {', '.join(DEFAULTS)}.",
        )


def _deployment_findings() -> Iterator[Finding]:
    try:
        replaced = conf.login_url or conf.graph_url
    except ImproperlyConfigured as error:
        yield 6, str(error), "Remove LOGIN_URL and GRAPH_URL from AZUREAD_CONNECTIONS."
    else:
        if replaced:
            yield (
                7,
                "People are sent to a stand-in for Microsoft, which lets anybody in as anybody.",
                "Remove LOGIN_URL, GRAPH_URL and ALLOW_STANDIN from AZUREAD_CONNECTIONS.",
            )
    if not conf.public_url.startswith("https://"):
        yield (
            8,
            "PUBLIC_URL is not set to an https address, so the callback URL is built on the "
            "Host that each request claims.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'], such as 'https://app.example.com'.",
        )


def _is_our_backend(path: str) -> bool:
    try:
        return issubclass(import_string(path), ConnectionBackend)
    except (ImportError, TypeError):
        return False


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
