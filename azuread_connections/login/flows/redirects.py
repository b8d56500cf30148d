"""Leads a browser on: by a redirect, or by a page that goes on by itself where that would fail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from ...models.destinations import WEB_SCHEMES, is_app_scheme, scheme_of
from ..lookup import addresses


class DestinationRedirect(HttpResponseRedirect):
    """A redirect to Microsoft, or to what ``safe_destination`` or ``safe_path`` returned.

    Django refuses every scheme but those of the web, and would answer 400 where a native
    application's own is meant.
    """

    def __init__(self, destination: str) -> None:
        scheme = scheme_of(destination)
        self.allowed_schemes = [*WEB_SCHEMES, *([scheme] if is_app_scheme(scheme) else [])]
        super().__init__(destination)


def redirect_browser(request: HttpRequest, url: str) -> HttpResponse:
    """Return what leads a browser to ``url``: a redirect, or after a POST ``continue_page``.

    Chromium applies a site's Content-Security-Policy ``form-action`` to every redirect that follows
    a POST, so under ``form-action 'self'`` no form could lead to Microsoft, or to another host of
    this site. A redirect that stays on this site for certain remains one.
    """
    if request.method == "POST" and addresses.may_leave_site(url):
        return continue_page(request, url)
    return DestinationRedirect(url)


def continue_page(request: HttpRequest, url: str) -> HttpResponse:
    """Return a page that goes on to ``url`` by itself, without a script, and has a link to it.

    Raises Django's ``DisallowedRedirect`` for what a redirect may not lead to, such as
    ``javascript:``.
    """
    target = DestinationRedirect(url).url
    response = render(request, "azuread_connections/continue.html", {"url": target})
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    return response
