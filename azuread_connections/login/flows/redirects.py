"""Redirects a browser, or returns a page that continues by itself where a redirect would fail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from ...models.destinations import WEB_SCHEMES, is_app_scheme, scheme_of
from ..lookup import addresses


class DestinationRedirect(HttpResponseRedirect):
    """A redirect to Microsoft, or to what ``safe_destination`` or ``safe_path`` returned.

    Django allows only the schemes of the web, and would answer 400 for that of a native
    application.
    """

    def __init__(self, destination: str) -> None:
        scheme = scheme_of(destination)
        self.allowed_schemes = [*WEB_SCHEMES, *([scheme] if is_app_scheme(scheme) else [])]
        super().__init__(destination)


def redirect_browser(request: HttpRequest, url: str) -> HttpResponse:
    """Send a browser to ``url``: by a redirect, or after a POST by ``continue_page``.

    Chromium applies a site's Content-Security-Policy ``form-action`` to every redirect that follows
    a POST, so ``form-action 'self'`` would stop a redirect to Microsoft, or to another host of this
    site. If ``url`` cannot lead off this site, a redirect is used after a POST, too.
    """
    if request.method == "POST" and addresses.may_leave_site(url):
        return continue_page(request, url)
    return DestinationRedirect(url)


def continue_page(request: HttpRequest, url: str) -> HttpResponse:
    """Return a page that continues to ``url`` by itself, without a script, and has a link to it.

    Raises Django's ``DisallowedRedirect`` for a scheme such as ``javascript:``.
    """
    target = DestinationRedirect(url).url
    response = render(request, "azuread_connections/continue.html", {"url": target})
    response["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    return response
