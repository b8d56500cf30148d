"""The URL patterns of ours: of the site, and of the stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.urls import URLPattern, URLResolver, get_resolver, resolve

from azuread_connections.testing.graph import GRAPH_ROUTES
from azuread_connections.testing.portal import routes as portal
from azuread_connections.testing.server.router import ROUTES

_NAMESPACES = ("azuread_connections", "azuread_provider", "azuread_scim", "azuread_metrics")
_TENANT = "(?P<tenant>[^/]+)"
_PORTAL = "/_standin/portal/"


def of_site() -> set[str]:
    """The names of the site's URL patterns whose pages are ours."""
    return {name for name in _names(get_resolver().url_patterns, ()) if _is_ours(name)}


def name_at(url: str) -> str:
    """The name of the pattern that answers an address of the site."""
    return resolve(urlsplit(url).path).view_name


def _names(patterns: Iterable[Any], namespaces: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield ":".join((*namespaces, pattern.name))
        elif not _is_redirect(pattern):
            # Found by the test that wants each in the table or in the list.
            yield ":".join((*namespaces, f"unnamed {pattern.pattern}"))


def _is_redirect(pattern: URLPattern) -> bool:
    """Django's own unnamed pattern of each model, from before its version 1.9."""
    view = getattr(pattern.callback, "view_class", None)
    return view is not None and view.__name__ == "RedirectView"


def _is_ours(name: str) -> bool:
    namespace, _, rest = name.partition(":")
    if namespace == "admin":
        return rest.startswith(_NAMESPACES)
    return namespace in _NAMESPACES


def of_standin() -> set[str]:
    """The stand-in's routes, but for those of Microsoft Graph, which are none of a browser's."""
    graph = {pattern for pattern, *_ in GRAPH_ROUTES}
    routes = {_words(route.pattern) for route in ROUTES if route.pattern not in graph}
    pages = {f"portal:{path}" for path in portal.DIRECTORY_PAGES}
    pages |= {f"portal:apps/APP/{path}" for path in portal.APP_PAGES}
    return routes | pages | {"portal:enterprise/APP"}


def standin_name_at(url: str) -> str:
    """The name, as ``of_standin`` has it, of what answers an address of the stand-in."""
    path = urlsplit(url).path
    if path.startswith(_PORTAL):
        return _portal_name(path.removeprefix(_PORTAL))
    (name, *_) = [_words(route.pattern) for route in ROUTES if route.pattern.fullmatch(path)]
    return path if name == "/_standin/ACTION" else name


def _portal_name(path: str) -> str:
    guid = r"[0-9a-f]{8}-[0-9a-f-]{27}"
    directory, _, page = path.partition("/")
    if not re.fullmatch(guid, directory):
        return "portal"
    return f"portal:{re.sub(guid, 'APP', page)}"


def _words(pattern: re.Pattern[str]) -> str:
    text = pattern.pattern.replace(_TENANT, "TENANT").replace("(?P<action>[a-z]*)", "ACTION")
    text = text.replace(f"{_PORTAL}(?P<rest>.*)", "portal")
    return text.replace("\\", "")
