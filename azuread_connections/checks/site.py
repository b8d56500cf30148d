"""The site around the app: its address, cookies, cache and middleware."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..conf import conf, is_loopback
from ..hosts import ascii_host
from ..middleware import ConnectionSessionMiddleware
from .finding import Finding

MIDDLEWARE = "azuread_connections.middleware.ConnectionSessionMiddleware"


def findings() -> Iterator[Finding]:
    """Yield what keeps a sign-in, or its end, from working on any machine."""
    if conf.public_url.startswith("http://") and not _is_local(conf.public_url):
        yield _plain_http()
    if conf.session_cookie_is_strict:
        yield Finding(
            14,
            "SESSION_COOKIE_SAMESITE is 'Strict', so browsers leave the session's cookie out when "
            "people come back from Microsoft, and they look signed out.",
            "Set SESSION_COOKIE_SAMESITE = 'Lax', which is Django's default.",
        )
    if not conf.public_url and conf.is_behind_proxy:
        yield Finding(
            17,
            "The site is behind a proxy, but PUBLIC_URL is not set, so the callback URL is built "
            "on what each request says about its host.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'] to the scheme and host that people see, such "
            "as 'https://app.example.com'.",
        )
    yield from _host_findings()
    yield from _middleware_findings()


def deployment_findings() -> Iterator[Finding]:
    """Yield what does no harm on a developer's machine only."""
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
            "PUBLIC_URL is not set, so the callback URL is built on the Host that each request "
            "claims.",
            "Set AZUREAD_CONNECTIONS['PUBLIC_URL'], such as 'https://app.example.com'.",
        )
    elif conf.public_url.startswith("http://") and _is_local(conf.public_url):
        yield _plain_http()
    if not (conf.session_cookie_secure and conf.session_cookie_httponly):
        yield Finding(
            15,
            "The session's cookie may travel unencrypted, or be read by a script, and with it the "
            "sign-in that it stands for.",
            "Set SESSION_COOKIE_SECURE = True, and leave SESSION_COOKIE_HTTPONLY at True.",
        )
    if not conf.cache_is_shared:
        yield Finding(
            13,
            "The cache is in the memory of each process, or keeps nothing. With several workers, "
            "each fetches Microsoft's signing keys for itself, and refuses only those used "
            "sign-ins that it has seen itself.",
            "Name a cache that all processes share, such as Redis, in "
            "AZUREAD_CONNECTIONS['CACHE']. With a single process, silence this.",
            is_advice=True,
        )


def _plain_http() -> Finding:
    return Finding(
        8,
        "PUBLIC_URL is an http address, so cookies and codes travel unencrypted.",
        "Serve the site by https, and begin AZUREAD_CONNECTIONS['PUBLIC_URL'] with https://.",
    )


def _is_local(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname)
    except ValueError:
        return False


def _host_findings() -> Iterator[Finding]:
    """Yield hosts in ALLOWED_HOSTS that no request ever has."""
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
            else "Write it in ALLOWED_HOSTS as browsers do, beginning with 'xn--'.",
        )


def _middleware_findings() -> Iterator[Finding]:
    ours = _position_of(ConnectionSessionMiddleware)
    if ours is None:
        yield Finding(
            16,
            "The middleware is missing, so sessions go on after a sign-out at Microsoft, a "
            "connection's being disabled, or “Sign out everyone”.",
            f"Add '{MIDDLEWARE}' to MIDDLEWARE, behind Django's AuthenticationMiddleware.",
            is_advice=True,
        )
        return
    needed = [_position_of(SessionMiddleware), _position_of(AuthenticationMiddleware)]
    order = [*needed, ours]
    if None in order or order != sorted(position for position in order if position is not None):
        yield Finding(
            16,
            "The middleware needs the request's user, and stands before what finds it.",
            f"Put '{MIDDLEWARE}' behind Django's SessionMiddleware and AuthenticationMiddleware.",
        )


def _position_of(middleware: type) -> int | None:
    """Return where in MIDDLEWARE it, or a subclass of it, stands."""
    for position, path in enumerate(conf.middleware):
        try:
            found = import_string(path)
        except ImportError:
            continue  # which Django says by itself
        if isinstance(found, type) and issubclass(found, middleware):
            return position
    return None
