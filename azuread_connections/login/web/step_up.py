"""Sends a person who has access to Microsoft again, for what a view requires in addition."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from ..flows.begin import LOGIN
from ..lookup import addresses
from ..state.session import SignIn
from ..state.step_up import StepUp
from .buttons import start_url_of
from .error_page import already_logged

#: What the start takes. A hint of Microsoft's that is cut off would name nobody.
_MAX_HINT = 254


def to_step_up(
    request: HttpRequest, application: str, step_up: StepUp, sign_in: SignIn
) -> HttpResponse:
    """Return the redirect that begins the step-up, and leads back here.

    Only a request to read can be repeated afterwards. Any other gets a page with status 403 that
    says so and has a link; nothing is redirected, so what was sent goes to no other address.
    """
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(
            _start_url(application, step_up, sign_in, request.get_full_path())
        )
    # The page with the form, not the address that it was sent to, which may take nothing else.
    back = addresses.safe_path(request, request.headers.get("Referer"))
    response = render(
        request,
        "azuread_connections/step_up.html",
        {"start_url": _start_url(application, step_up, sign_in, back)},
        status=403,
    )
    add_never_cache_headers(response)
    return already_logged(response)


def _start_url(application: str, step_up: StepUp, sign_in: SignIn, destination: str) -> str:
    return start_url_of(
        sign_in.name,
        application=application,
        next=destination,
        login_hint=sign_in.hint if len(sign_in.hint) <= _MAX_HINT else "",
        # The session knows an older authentication, or none. Microsoft can ignore max_age alone.
        prompt=LOGIN if step_up.max_age is not None else "",
        **step_up.parameters,
    )
