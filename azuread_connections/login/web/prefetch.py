"""Requests that come before a person does: of programs that open links, and of browsers that
prefetch. A sign-in begins in the browser of the person only."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from ..flows import redirects
from .error_page import already_logged

#: Parameter of a request that the page below has led to: it is a browser, whatever its name.
_CONTINUED = "continue"
#: Office follows redirects itself and opens in the browser the address at which they end, without
#: the cookies; programs that preview links only read. More names than these cost a browser one
#: page more.
_PROGRAMS = re.compile(
    r"ms-?office|microsoft[ -]office|microsoft outlook"
    r"|\b(word|excel|powerpoint|onenote|outlook|visio)/"
    r"|libreoffice|openoffice|webdav"
    r"|bot\b|bot-|crawler|spider|preview|linkexpanding"
    r"|facebookexternalhit|whatsapp|embedly|iframely",
    re.IGNORECASE,
)


def prefetch_response(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a request that comes before a person does; None for a person's own.

    It sets no cookie. In a browser it leads to the same address and to the sign-in. Status 403
    tells a browser that prefetches not to use it, so that it asks again when somebody goes there.
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
        already_logged(response)  # by nobody: it is no failure
    return response


def _is_prefetch(request: HttpRequest) -> bool:
    # https://fetch.spec.whatwg.org/#sec-purpose-header; the others are older browsers'.
    return any(
        "prefetch" in request.headers.get(name, "").lower()
        for name in ("Sec-Purpose", "Purpose", "X-Moz")
    )


def _is_program(request: HttpRequest) -> bool:
    agent = request.headers.get("User-Agent", "")
    return _CONTINUED not in request.GET and _PROGRAMS.search(agent) is not None
