"""The two ends of an authorization request: back at the client, or on a page that goes nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from oauthlib.common import add_params_to_uri

from ...login.flows.redirects import redirect_browser
from ...login.web.error_page import already_logged
from ..issuer import issuer


def to_client(request: HttpRequest, redirect_uri: str, **answer: str) -> HttpResponse:
    """Lead the browser back to the client, with the issuer's name (RFC 9207)."""
    given = [(name, value) for name, value in answer.items() if value]
    url = add_params_to_uri(redirect_uri, [*given, ("iss", issuer(request))])
    response = redirect_browser(request, url)
    response["Referrer-Policy"] = "no-referrer"
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
