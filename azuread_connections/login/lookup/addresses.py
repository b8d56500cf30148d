"""Our own addresses: the callback URL, and the destinations that a sign-in may redirect to."""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, QueryDict
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    ResolverMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    get_urlconf,
    resolve,
    reverse,
)
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from ...conf import conf
from ...models import Application, ApplicationHost, Connection
from ...models.destinations import MAX_DESTINATION_LENGTH, is_listed
from .frontchannel import frontchannel_token

NAMESPACE = "azuread_connections"
#: Parameter of a request that was redirected from another host of this site.
MOVED = "moved"
_SIGN_IN_VIEWS = frozenset({"sign_in", "start", "callback"})


def redirect_uri(request: HttpRequest, *, is_own_host: bool) -> str:
    """Return the callback URL for a sign-in that begins with this request.

    It is on PUBLIC_URL, or on the request's host if that belongs to the application. Any other Host
    header is not used.
    """
    return _base_url(request, is_own_host=is_own_host) + _callback_path()


def _callback_path() -> str:
    """Return the callback's path, which every sign-in needs twice."""
    # The resolver itself: a site with tenants in folders has one urlconf, and renews its resolver.
    return _reversed(get_resolver(get_urlconf()), get_script_prefix(), get_language())


@lru_cache(maxsize=8)
def _reversed(resolver: URLResolver, prefix: str, language: str | None) -> str:
    # The arguments are all that Django builds the path from.
    return reverse(f"{NAMESPACE}:callback")


def callback_url(request: HttpRequest) -> str:
    """Return the callback URL for a transaction without an application."""
    host = request.get_host().lower()
    is_own_host = ApplicationHost._default_manager.filter(host=host).exists()
    return redirect_uri(request, is_own_host=is_own_host)


def is_secure(request: HttpRequest) -> bool:
    """Return whether browsers reach this site by https, even if a proxy forwards http."""
    return _base_url(request).startswith("https:")


def frontchannel_logout_url(request: HttpRequest, connection: Connection) -> str:
    """Return the front-channel logout URL to register for a connection in Azure."""
    path = reverse(f"{NAMESPACE}:frontchannel_logout", args=[frontchannel_token(connection)])
    return _base_url(request) + path


def is_main_host(request: HttpRequest) -> bool:
    """Return whether a request's host is that of PUBLIC_URL; True if the site sets none."""
    public_url = conf.public_url
    return not public_url or urlsplit(public_url).netloc == request.get_host().lower()


def must_move(request: HttpRequest, *, is_own_host: bool) -> bool:
    """Return whether a request came to another host than that of its callback URL.

    The cookie must be set on the host to which Microsoft sends the browser back. A request is moved
    only once: behind a proxy that rewrites Host it would otherwise loop.
    """
    if MOVED in request.GET:
        return False
    main = urlsplit(_base_url(request, is_own_host=is_own_host)).netloc
    return main.lower() != request.get_host().lower()


def callback_urls(
    request: HttpRequest, applications: Collection[Application] | None = None
) -> list[str]:
    """Return every callback URL to register in Azure, the main one first.

    ``applications``: only the hosts of these; None: those of all.
    """
    path = _callback_path()
    main = _base_url(request)
    scheme = urlsplit(main).scheme
    hosts = ApplicationHost._default_manager.values_list("host", flat=True)
    if applications is not None:
        hosts = hosts.filter(application__in=applications)
    others = sorted({f"{scheme}://{host}" for host in hosts} - {main})
    return [base + path for base in (main, *others)]


def site_url(request: HttpRequest | None) -> str:
    """Return the scheme and host for an address that is sent by mail: PUBLIC_URL, or else the
    request's; "" if there is neither."""
    return conf.public_url or (_base_url(request) if request is not None else "")


def _base_url(request: HttpRequest, *, is_own_host: bool = False) -> str:
    public_url = conf.public_url
    if not public_url:
        # ALLOWED_HOSTS accepts this host, and Microsoft redirects to registered URLs only.
        return f"{request.scheme}://{request.get_host()}"
    if is_own_host:
        return f"{urlsplit(public_url).scheme}://{request.get_host()}"
    return public_url


def requested_destination(request: HttpRequest, allowed_urls: Collection[str] = ()) -> str:
    """Return the request's `next`, if it is safe and not the default; else ""."""
    destination = safe_destination(request, request.GET.get("next"), allowed_urls)
    return "" if destination == default_destination() else destination


def default_destination() -> str:
    return resolve_url(conf.login_redirect_url)


def safe_destination(
    request: HttpRequest, value: str | None, allowed_urls: Collection[str] = ()
) -> str:
    """Return where to go after signing in: ``value`` if that is safe, else the default.

    A view of the sign-in is replaced by the default, too: otherwise signing in would loop.
    """
    destination = safe_path(request, value, allowed_urls)
    if not destination or len(destination) > MAX_DESTINATION_LENGTH:
        return default_destination()
    if destination.startswith("/") and _leads_to_sign_in(urlsplit(destination).path):
        return default_destination()
    return destination


def still_allowed(destination: str, allowed_urls: Collection[str]) -> str:
    """Return where a sign-in was begun for; the default if that is another site's address and no
    longer one of the allowed URLs."""
    default = default_destination()
    if destination.startswith("/") or destination == default:
        return destination
    return destination if is_listed(destination, allowed_urls) else default


def safe_path(request: HttpRequest, value: str | None, allowed_urls: Collection[str] = ()) -> str:
    """Return ``value`` if it is a path of this site or exactly one of the allowed URLs; else ""."""
    if not value or not value.isprintable():
        return ""
    if is_listed(value, allowed_urls):
        return value
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(value, hosts, require_https=request.is_secure()):
        return ""
    # Even on this host only the path is kept: "//evil" could follow an empty host.
    path = urlsplit(iri_to_uri(value))._replace(scheme="", netloc="").geturl()
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""


def may_leave_site(url: str) -> bool:
    """Return whether this address can lead to another site: it is on one, or it begins a sign-in,
    or the site's LOGIN_URL does, to which any page can redirect."""
    if _leads_off_site(url):
        return True
    try:
        return _leads_off_site(resolve_url(conf.login_page_url))
    except NoReverseMatch:
        return False


def _leads_off_site(url: str) -> bool:
    if not url.startswith("/") or url.startswith("//"):
        return True
    parts = urlsplit(url)
    view = _our_view(parts.path)
    return view == "start" or (view == "sign_in" and "connection" in QueryDict(parts.query))


def _leads_to_sign_in(path: str) -> bool:
    return _our_view(path) in _SIGN_IN_VIEWS


def _our_view(path: str) -> str:
    """Return the name of our view at a path, or ""."""
    # As browsers and Django read it: decoded, without dot segments, with a slash appended.
    path = posixpath.normpath(unquote(path)).removeprefix(get_script_prefix().rstrip("/"))
    match = _resolve(path) or _resolve(f"{path}/")
    return (match.url_name or "") if match and NAMESPACE in match.app_names else ""


def _resolve(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
