"""Checks of the setting AZUREAD_CONNECTIONS, and of what the app needs from the project."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from ..conf import conf
from ..defaults import DEFAULTS, MAX_DAYS, MAX_SECONDS, MIN_METRICS_TOKEN_LENGTH
from ..dns_proof.servers import is_server
from ..login.backend import ConnectionBackend, ignored_hooks, unusable_hooks
from ..models.fields import KEY_COMMAND
from .finding import Finding

BACKEND = "azuread_connections.backends.ConnectionBackend"


def findings() -> Iterator[Finding]:
    """Yield settings that are missing, misspelt or invalid."""
    if not any(_is_our_backend(path) for path in conf.authentication_backends):
        yield Finding(
            1,
            "The authentication backend is missing, so nobody can sign in with a connection.",
            f"Add '{BACKEND}' to AUTHENTICATION_BACKENDS.",
        )
    yield from _hook_findings()
    try:
        reverse("azuread_connections:callback")
    except NoReverseMatch:
        yield Finding(
            2,
            "The app's URLs are not included, so Microsoft cannot send people back to this site.",
            "Add path('login/', include('azuread_connections.urls')) to your URLconf.",
        )
    if not isinstance(conf.given, Mapping):
        yield Finding(
            10,
            f"AZUREAD_CONNECTIONS must be a dict, but its type is {type(conf.given).__name__}.",
            "Set it to a dict, such as {'PUBLIC_URL': 'https://app.example.com'}, or leave it out.",
        )
    yield from _key_findings()
    if unknown := sorted(str(key) for key in conf.configured if key not in DEFAULTS):
        yield Finding(
            5,
            f"AZUREAD_CONNECTIONS has unknown keys: {', '.join(unknown)}.",
            f"Known keys are: {', '.join(DEFAULTS)}.",
        )
    if conf.public_url and not _is_site(conf.public_url):
        yield Finding(
            9,
            f"PUBLIC_URL must be http(s)://host[:port], but is {conf.public_url!r}, so callback "
            "URLs built from it do not work.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'] to the scheme and host that people see, such "
            "as 'https://app.example.com', without a path. If the host has letters that cannot be "
            "converted to ASCII, write it as browsers send it, beginning with 'xn--'.",
        )
    for key, (has_shape, shape, example) in SHAPES.items():
        value = conf.configured.get(key, DEFAULTS[key])
        if not has_shape(value):
            yield Finding(
                10,
                f"AZUREAD_CONNECTIONS[{key!r}] must be {shape}, but is {value!r}.",
                f"Set it to {shape}, such as {example}, or leave it out.",
            )
    if not _are_tokens(conf.configured.get("METRICS_TOKEN", "")):
        # Do not show the value: it can be a token.
        yield Finding(
            10,
            "AZUREAD_CONNECTIONS['METRICS_TOKEN'] must be a token or a list of tokens, each of "
            f"them a string of at least {MIN_METRICS_TOKEN_LENGTH} characters. Others are not "
            "accepted.",
            'Make a token with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    if not _has_password_page():
        yield Finding(
            18,
            "PASSWORD_LOGIN_URL is neither an address nor the name of a URL, so the sign-in page "
            "cannot link to it and fails.",
            "Set AZUREAD_CONNECTIONS['PASSWORD_LOGIN_URL'] to the address of your password page, "
            "such as '/accounts/login/', or to its name in your URLconf.",
        )


def _hook_findings() -> Iterator[Finding]:
    for path in filter(_is_our_backend, conf.authentication_backends):
        backend = import_string(path)
        if ignored := ignored_hooks(backend):
            yield Finding(
                20,
                f"{path} overrides {', '.join(ignored)}, which a sign-in by a connection never "
                "calls.",
                "Override what is called: verify_claims, filter_users_by_claims, create_user, "
                "update_user, get_username or describe_user_by_claims.",
            )
        if unusable := unusable_hooks(backend):
            yield Finding(
                21,
                f"{path} overrides {', '.join(unusable)} in a way that cannot work.",
                "A hook must not be a coroutine function. authenticate must have the parameters "
                "(self, request, *, azuread_user), so that Django passes it no password.",
            )


def _key_findings() -> Iterator[Finding]:
    if not _are_keys(conf.configured.get("ENCRYPTION_KEYS", DEFAULTS["ENCRYPTION_KEYS"])):
        # Do not show the value: it can be a key.
        yield Finding(
            10,
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] must be a list of keys, each of them a string.",
            f"Set it to a list, even with one key, such as ['…']. Make a key with: {KEY_COMMAND}",
        )
    elif not conf.encryption_keys:
        yield Finding(
            3,
            "There is no encryption key, so client secrets cannot be stored.",
            f"Set AZUREAD_CONNECTIONS['ENCRYPTION_KEYS']. Make a key with: {KEY_COMMAND}",
        )
    elif not all(_is_fernet_key(key) for key in conf.encryption_keys):
        yield Finding(
            4,
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] contains a value that is not a Fernet key.",
            f"Make a key with: {KEY_COMMAND}",
        )
    elif not all(_is_random(key) for key in conf.encryption_keys):
        yield Finding(
            12,
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] contains a key that is not random, so that "
            "somebody can guess it.",
            f"Make a key with: {KEY_COMMAND} Put it first, run reencrypt_secrets, and remove the "
            "old one.",
        )


def _are_tokens(value: object) -> bool:
    """Return whether it is empty, one token, or a list of them."""
    tokens = [value] if value and isinstance(value, str) else value
    if tokens in ("", None):
        return True
    return isinstance(tokens, list | tuple) and all(
        isinstance(token, str) and len(token) >= MIN_METRICS_TOKEN_LENGTH for token in tokens
    )


def _is_our_backend(path: str) -> bool:
    try:
        return issubclass(import_string(path), ConnectionBackend)
    except (ImportError, TypeError):
        return False


def _has_password_page() -> bool:
    """Return whether the sign-in page can link to the password page, if one is set."""
    try:
        return not conf.password_login_url or bool(resolve_url(conf.password_login_url))
    except NoReverseMatch:
        return False


def _are_keys(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(key, str | bytes) for key in value)


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _is_random(key: str) -> bool:
    """Return whether a Fernet key looks random, not like a text or a pattern in base64.

    Random bytes include some that are not printable ASCII, and few equal ones: one in 10^13 fails.
    """
    raw = base64.urlsafe_b64decode(key)
    return len(set(raw)) > len(raw) // 2 and not all(32 <= byte < 127 for byte in raw)


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


def _is_count(most: int) -> Callable[[object], bool]:
    def is_count(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most

    return is_count


def _is_time(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 < value <= MAX_SECONDS  # which NaN is not


#: What a key's value must be: a test, a description and an example.
SHAPES: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "DEFAULT_APPLICATION": (_is_slug, "the slug of an application", "'default'"),
    "ADMIN_APPLICATION": (
        lambda value: value in ("", None) or _is_slug(value),
        "the slug of an application",
        "'default'",
    ),
    "CACHE": (
        lambda value: isinstance(value, str) and value in caches.settings,
        "the name of a cache in CACHES",
        "'default'",
    ),
    "EMAIL_CLAIMS": (_are_texts, "a list of claims", "['email', 'upn']"),
    "API_APP_ID_URIS": (
        _are_fields,
        "a dict from App ID URIs to client IDs",
        "{'https://contoso.com/orders': '00001111-aaaa-2222-bbbb-3333cccc4444'}",
    ),
    "API_IDENTIFIERS": (_are_texts, "a list of identifiers", "['https://orders.example.com/']"),
    "DNS_SERVERS": (
        lambda value: isinstance(value, list | tuple) and all(map(is_server, value)),
        "a list of DNS servers, each host[:port], an IPv6 address in brackets",
        "['192.0.2.53', '[2001:db8::53]:5353']",
    ),
    "PRIVATE_LOGOUT_HOSTS": (_are_texts, "a list of hosts", "['intranet.example.com']"),
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
    "ALLOW_STANDIN": (lambda value: isinstance(value, bool), "True or False", "False"),
    **{
        key: (_is_count(most), f"a whole number from 0 to {most}", example)
        for key, most, example in (
            ("TRUSTED_PROXIES", 100, "1"),
            ("MAX_BUTTONS", 1000, "12"),
            ("EVENT_DAYS", MAX_DAYS, "90"),
            ("SCIM_LOG_DAYS", MAX_DAYS, "30"),
            ("SESSION_CHECK_SECONDS", MAX_SECONDS, "30"),
            ("SECRET_WARNING_DAYS", MAX_DAYS, "30"),
        )
    },
    "MAX_SIGN_IN_DAYS": (
        lambda value: _is_count(MAX_DAYS)(value) and value > 0,
        f"a whole number from 1 to {MAX_DAYS}",
        "400",
    ),
    **{
        key: (_is_time, f"a number of seconds up to {MAX_SECONDS}", str(DEFAULTS[key]))
        for key in ("CONNECT_TIMEOUT", "READ_TIMEOUT", "TOTAL_TIMEOUT", "CALLBACK_TIMEOUT")
    },
}
