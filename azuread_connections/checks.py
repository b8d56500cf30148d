"""System checks: what is missing for people to sign in, each with the hint that mends it.

They warn, and become errors only under ``check --deploy``, so that ``migrate`` never stops. What
must not run at all (a replaced login host in production) is refused where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_slug
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
    if conf.public_url and not _is_site(conf.public_url):
        yield (
            9,
            f"PUBLIC_URL must be http(s)://host[:port], and is {conf.public_url!r}, so callback "
            "URLs built on it lead nowhere.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'] to the scheme and host that people see, such "
            "as 'https://app.example.com', without a path.",
        )
    for key, (has_shape, shape, example) in SHAPES.items():
        value = conf.configured.get(key, DEFAULTS[key])
        if not has_shape(value):
            yield (
                10,
                f"AZUREAD_CONNECTIONS[{key!r}] must be {shape}, and is {value!r}.",
                f"Set it to {shape}, such as {example}, or leave it out.",
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
    if not conf.public_url:
        yield (
            8,
            "PUBLIC_URL is not set, so the callback URL is built on the Host that each request "
            "claims.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'], such as 'https://app.example.com'.",
        )
    elif conf.public_url.startswith("http://"):
        yield (
            8,
            "PUBLIC_URL is an http address, so cookies and codes travel unencrypted.",
            "Serve the site by https, and begin AZUREAD_CONNECTIONS['PUBLIC_URL'] with https://.",
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


_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def _is_site(url: str) -> bool:
    """Return whether it is http(s)://host[:port] and nothing else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    bare = f"[{host}]" if ":" in host else host
    netloc = bare if port is None else f"{bare}:{port}"
    is_host = ":" in host or _HOST.fullmatch(host) is not None
    return (
        is_host
        and parts.scheme in {"http", "https"}
        and url.lower() == (f"{parts.scheme}://{netloc}")
    )


def _is_slug(value: object) -> bool:
    try:
        validate_slug(value)
    except (ValidationError, TypeError):
        return False
    return isinstance(value, str)


def _is_function(value: object) -> bool:
    if isinstance(value, str):
        try:
            value = import_string(value)
        except ImportError:
            return False
    return value is None or callable(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _are_fields(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts([*value, *value.values()])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


#: What a key's value must be: the test, the words, and an example.
SHAPES: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "DEFAULT_APPLICATION": (_is_slug, "the slug of an application", "'default'"),
    "ADMIN_APPLICATION": (
        lambda value: value in ("", None) or _is_slug(value),
        "the slug of an application",
        "'default'",
    ),
    "EMAIL_CLAIMS": (_are_texts, "a list of claims", "['email', 'upn']"),
    "USER_FIELDS": (
        _are_fields,
        "a dict from user fields to attributes of the profile",
        "{'first_name': 'given_name'}",
    ),
    "USERNAME_FUNCTION": (
        _is_function,
        "a function or the dotted path to one",
        "'accounts.names.username'",
    ),
    "TRUSTED_PROXIES": (_is_count, "a whole number from 0", "1"),
    "EVENT_DAYS": (_is_count, "a whole number from 0", "90"),
    "SESSION_CHECK_SECONDS": (_is_count, "a whole number from 0", "30"),
    "SECRET_WARNING_DAYS": (_is_count, "a whole number from 0", "30"),
    **{
        key: (_is_time, "a number of seconds", str(DEFAULTS[key]))
        for key in ("CONNECT_TIMEOUT", "READ_TIMEOUT", "TOTAL_TIMEOUT", "CALLBACK_TIMEOUT")
    },
}
