"""The site around the app: its address, cookies, cache and middleware."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..conf import conf
from ..hosts import ascii_host, is_loopback
from ..middleware import ConnectionSessionMiddleware
from .finding import Finding

MIDDLEWARE = "azuread_connections.middleware.ConnectionSessionMiddleware"


def findings() -> Iterator[Finding]:
    """Yield what breaks signing in or out on any machine."""
    if conf.public_url.startswith("http://") and not _is_local(conf.public_url):
        yield _plain_http()
    if conf.session_cookie_is_strict:
        yield Finding(
            14,
            "SESSION_COOKIE_SAMESITE is 'Strict', so browsers do not send the session cookie when "
            "people come back from Microsoft, and they appear to be signed out.",
            "Set SESSION_COOKIE_SAMESITE = 'Lax', which is Django's default.",
        )
    if not conf.public_url and conf.is_behind_proxy:
        yield Finding(
            17,
            "The site is behind a proxy, but PUBLIC_URL is not set, so the callback URL is built "
            "from the host that each request claims.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'] to the scheme and host that people see, such "
            "as 'https://app.example.com'.",
        )
    yield from _host_findings()
    yield from _middleware_findings()


def deployment_findings() -> Iterator[Finding]:
    """Yield what is harmless only on a developer's machine."""
    try:
        replaced = conf.login_url or conf.graph_url
    except ImproperlyConfigured as error:
        yield Finding(6, str(error), "Remove LOGIN_URL and GRAPH_URL from AZUREAD_CONNECTIONS.")
    else:
        if replaced:
            yield Finding(
                7,
                "People are sent to a stand-in for Microsoft, which lets anybody in as anybody.",
                "Remove LOGIN_URL, GRAPH_URL and ALLOW_STANDIN from AZUREAD_CONNECTIONS.",
            )
        elif conf.allow_standin:
            yield Finding(
                7,
                "ALLOW_STANDIN is on, so one more setting would send people to a stand-in for "
                "Microsoft, which lets anybody in as anybody.",
                "Remove ALLOW_STANDIN from AZUREAD_CONNECTIONS.",
            )
    if not conf.public_url:
        yield Finding(
            8,
            "PUBLIC_URL is not set, so the callback URL is built from the host that each request "
            "claims.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'], such as 'https://app.example.com'.",
        )
    elif conf.public_url.startswith("http://") and _is_local(conf.public_url):
        yield _plain_http()
    if not (conf.session_cookie_secure and conf.session_cookie_httponly):
        yield Finding(
            15,
            "The session cookie can travel unencrypted, or be read by a script, so that a sign-in "
            "can be stolen.",
            "Set SESSION_COOKIE_SECURE = True, and leave SESSION_COOKIE_HTTPONLY at True.",
        )
    if not conf.cache_is_shared:
        yield Finding(
            13,
            "The cache is local to each process, or stores nothing. With several workers, each one "
            "fetches Microsoft's signing keys separately, and detects a replayed sign-in only if "
            "it has seen the first one.",
            "Name a cache that all processes share, such as Redis, in "
            "AZUREAD_CONNECTIONS['CACHE']. With a single process, silence this.",
            is_advice=True,
        )


def _plain_http() -> Finding:
    return Finding(
        8,
        "PUBLIC_URL is an http address, so cookies and codes travel unencrypted.",
        "Serve the site over https, and begin AZUREAD_CONNECTIONS['PUBLIC_URL'] with https://.",
    )


def _is_local(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname)
    except ValueError:
        return False


def _host_findings() -> Iterator[Finding]:
    """Yield hosts in ALLOWED_HOSTS that no request can have."""
    for host in conf.allowed_hosts:
        if host.isascii():
            continue
        in_ascii = ascii_host(host.removeprefix("."))
        dot = "." if host.startswith(".") else ""
        yield Finding(
            19,
            f"ALLOWED_HOSTS has {host!r}, but browsers send the name of a host in ASCII, so "
            "Django refuses every request to it.",
            f"Write {dot + in_ascii!r} in ALLOWED_HOSTS."
            if in_ascii
            else "Write it in ALLOWED_HOSTS as browsers send it, beginning with 'xn--'.",
        )


def _middleware_findings() -> Iterator[Finding]:
    ours = _position_of(ConnectionSessionMiddleware)
    if ours is None:
        yield Finding(
            16,
            "The middleware is missing, so sessions continue after a sign-out at Microsoft, after "
            "a connection is disabled, and after “Sign out everyone”.",
            f"Add '{MIDDLEWARE}' to MIDDLEWARE, after Django's AuthenticationMiddleware.",
            is_advice=True,
        )
        return
    needed = [_position_of(SessionMiddleware), _position_of(AuthenticationMiddleware)]
    order = [*needed, ours]
    if None in order or order != sorted(position for position in order if position is not None):
        yield Finding(
            16,
            "The middleware needs the request's user, but comes before the one that sets it.",
            f"Put '{MIDDLEWARE}' after Django's SessionMiddleware and AuthenticationMiddleware.",
        )


def _position_of(middleware: type) -> int | None:
    """Return the position in MIDDLEWARE of the class or a subclass; None if absent."""
    for position, path in enumerate(conf.middleware):
        try:
            found = import_string(path)
        except ImportError:
            continue  # Django reports it
        if isinstance(found, type) and issubclass(found, middleware):
            return position
    return None
