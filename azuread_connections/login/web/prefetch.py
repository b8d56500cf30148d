"""Answers programs that open links, and browsers that prefetch, without beginning a sign-in."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from ..flows import redirects
from .error_page import already_logged

#: Parameter of requests from the page below: they are a browser's, whatever its User-Agent.
_CONTINUED = "continue"
#: Office follows redirects itself and opens the last address in the browser, without the cookies.
#: Link previews only read. A browser that is matched by mistake sees one more page.
_PROGRAMS = re.compile(
    r"ms-?office|microsoft[ -]office|microsoft outlook"
    r"|\b(word|excel|powerpoint|onenote|outlook|visio)/"
    r"|libreoffice|openoffice|webdav"
    r"|bot\b|bot-|crawler|spider|preview|linkexpanding"
    r"|facebookexternalhit|whatsapp|embedly|iframely",
    re.IGNORECASE,
)


def prefetch_response(request: HttpRequest) -> HttpResponse | None:
    """Return the response to a program or a prefetch; None for a person's own request.

    It sets no cookie. A browser that shows it continues to the same address and to the sign-in. For
    a prefetch it has status 403, so that the browser asks again when the person follows the link.
    """
    is_prefetch = _is_prefetch(request)
    if not (is_prefetch or request.method == "HEAD" or _is_program(request)):
        return None
    path = request.get_full_path()
    response = redirects.continue_page(
        request, f"{path}{'&' if '?' in path else '?'}{_CONTINUED}=1"
    )
    if is_prefetch:
        response.status_code = 403
        already_logged(response)  # not a failure: nothing is logged
    return response


def _is_prefetch(request: HttpRequest) -> bool:
    # https://fetch.spec.whatwg.org/#sec-purpose-header; the others are older browsers'. In `META`,
    # because `request.headers` would copy every header first.
    return any(
        "prefetch" in request.META.get(name, "").lower()
        for name in ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")
    )


def _is_program(request: HttpRequest) -> bool:
    agent = request.META.get("HTTP_USER_AGENT", "")
    return _CONTINUED not in request.GET and _PROGRAMS.search(agent) is not None
