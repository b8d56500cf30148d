"""Our own addresses: the callback URL, and where a sign-in may lead."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve, reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from ..conf import conf
from ..models import Application

NAMESPACE = "azuread_connections"
#: A longer one would not fit into the transaction's cookie.
MAX_DESTINATION_LENGTH = 512
_SIGN_IN_VIEWS = frozenset({"sign_in", "start", "callback"})


def redirect_uri(request: HttpRequest, application: Application) -> str:
    """Return the callback URL for a sign-in that begins with this request.

    It is on PUBLIC_URL, or on one of the application's own hosts if the request came there. A
    host that a client merely claims never gets into it.
    """
    return _base_url(request, application.hosts) + reverse(f"{NAMESPACE}:callback")


def is_secure(request: HttpRequest) -> bool:
    """Return whether browsers reach this site by https, whatever a proxy makes of it."""
    return _base_url(request, ()).startswith("https:")


def callback_urls(request: HttpRequest) -> list[str]:
    """Return every callback URL to register in Azure, the main one first."""
    path = reverse(f"{NAMESPACE}:callback")
    main = _base_url(request, ())
    scheme = urlsplit(main).scheme
    all_hosts = Application._default_manager.values_list("hosts", flat=True)
    others = sorted({f"{scheme}://{host}" for hosts in all_hosts for host in hosts} - {main})
    return [base + path for base in (main, *others)]


def _base_url(request: HttpRequest, hosts: Iterable[str]) -> str:
    host = request.get_host()
    if not conf.public_url:
        # ALLOWED_HOSTS has accepted it, and Microsoft redirects to registered URLs only.
        return f"{request.scheme}://{host}"
    if host in hosts:
        return f"{urlsplit(conf.public_url).scheme}://{host}"
    return conf.public_url


def default_destination() -> str:
    return resolve_url(conf.login_redirect_url)


def safe_destination(request: HttpRequest, value: str | None) -> str:
    """Return a path of this site to go to after signing in: ``value`` if it is one, else the
    default.

    Not the sign-in itself: a sign-in that leads to a sign-in would never end.
    """
    if (
        not value
        or not value.isprintable()
        or not url_has_allowed_host_and_scheme(
            value, {request.get_host()}, require_https=request.is_secure()
        )
    ):
        return default_destination()
    parts = urlsplit(iri_to_uri(value))
    # Even on this host only the path is kept: "//evil" could hide behind an empty host.
    destination = parts._replace(scheme="", netloc="").geturl()
    if not destination.startswith("/") or destination.startswith(("//", "/\\")):
        return default_destination()
    if len(destination) > MAX_DESTINATION_LENGTH or _leads_to_sign_in(parts.path):
        return default_destination()
    return destination


def _leads_to_sign_in(path: str) -> bool:
    # As a browser and Django will read it: decoded, without dot segments, with a slash appended.
    path = posixpath.normpath(unquote(path)).removeprefix(get_script_prefix().rstrip("/"))
    match = _resolve(path) or _resolve(f"{path}/")
    return match is not None and (
        NAMESPACE in match.namespaces and match.url_name in _SIGN_IN_VIEWS
    )


def _resolve(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
