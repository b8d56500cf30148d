"""How a request that came by the browser ends: back at the client, or on a page of errors."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from oauthlib.common import add_params_to_uri

from ...login.flows.redirects import redirect_browser
from ...login.web.error_page import already_logged
from ..issuer import issuer
from ..response_modes import FORM_POST, WEB_MESSAGE, Recipient

_POLICY = "Content-Security-Policy"


def to_client(request: HttpRequest, recipient: Recipient, **answer: str) -> HttpResponse:
    """Answer the client by way of the browser, with the issuer's name (RFC 9207)."""
    given = {name: value for name, value in answer.items() if value}
    given["iss"] = issuer(request)
    if recipient.mode == FORM_POST:
        return _form_post(request, recipient, given)
    if recipient.mode == WEB_MESSAGE:
        return _web_message(request, recipient, given)
    url = add_params_to_uri(recipient.redirect_uri, list(given.items()))
    response = redirect_browser(request, url)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _form_post(request: HttpRequest, recipient: Recipient, answer: dict[str, str]) -> HttpResponse:
    """Return a page that posts the answer: by a script, or by its button where scripts are off."""
    response = render(
        request,
        "azuread_connections/provider/form_post.html",
        {"url": recipient.redirect_uri, "answer": answer.items()},
    )
    # In place of the site's policy, whose "form-action" stops the form. This has none: Chromium
    # applies it to every redirect that follows, and where the client leads on is its own affair.
    response[_POLICY] = _policy("frame-ancestors 'none'")
    # Not "no-referrer": the form would come with "Origin: null". It names this site, no more.
    response["Referrer-Policy"] = "strict-origin"
    return unframed(response)


def _web_message(
    request: HttpRequest, recipient: Recipient, answer: dict[str, str]
) -> HttpResponse:
    """Return a page whose script hands the answer to the page that has framed or opened it, if that
    is of the recipient's origin."""
    response = render(
        request,
        "azuread_connections/provider/web_message.html",
        {"origin": recipient.origin, "answer": json.dumps(answer)},
    )
    response[_POLICY] = _policy(f"frame-ancestors {recipient.origin}", "form-action 'none'")
    response["Referrer-Policy"] = "no-referrer"
    # This header can name no origin.
    response.xframe_options_exempt = True
    return response


def _policy(*directives: str) -> str:
    """Return a Content-Security-Policy of a page with our script and style sheets, and no more."""
    parts = urlsplit(static("azuread_connections/web_message.js"))
    own = parts._replace(path="", query="", fragment="").geturl().removeprefix("//") or "'self'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {own}",
            f"style-src {own}",
            "base-uri 'none'",
            *directives,
        ]
    )


def as_get(request: HttpRequest, *, most: int) -> HttpResponse:
    """Turn a form into an address, for a browser that brings no cookie with a form of another site.

    ``most``: the longest query; beyond it, the browser gets an error page.
    """
    query = request.POST.urlencode()
    if len(query) > most:
        return error_page(request, "invalid_request")
    response = HttpResponseRedirect(f"{request.path}?{query}")
    response.status_code = 303
    return response


def error_page(request: HttpRequest, code: str) -> HttpResponse:
    """Answer a request that nobody can be sent back with.

    An unknown client and a foreign redirect URI get the same page, which tells nothing of either.
    """
    response = render(
        request, "azuread_connections/provider/error.html", {"code": code}, status=400
    )
    response["Referrer-Policy"] = "no-referrer"
    return already_logged(unframed(response))


def unframed(response: HttpResponse) -> HttpResponse:
    response["X-Frame-Options"] = "DENY"
    return response
