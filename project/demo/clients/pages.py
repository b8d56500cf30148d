"""The front page, and the page of the single-page application, which is static/clients/spa.js."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .registered import SPA
from .settings import ISSUER

#: What the browser compares the library with before it runs it. See static/clients/vendor/.
LIBRARY = "clients/vendor/oidc-client-ts-3.5.0.min.js"
LIBRARY_HASH = "sha256-+Znao4PwnrCQ0K4yIR6cqTHHaEDgjkf88zT8j1908e8="


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "clients/index.html", {"site": ISSUER})


@require_safe
def spa(request: HttpRequest) -> HttpResponse:
    """The page, and its callback: the script reads the answer from the address."""
    page = request.build_absolute_uri(request.path)
    context = {
        "library": LIBRARY,
        "library_hash": LIBRARY_HASH,
        "settings": {
            "authority": ISSUER,
            "client_id": SPA.client_id,
            "redirect_uri": page,
            "post_logout_redirect_uri": page,
            "scope": "openid profile email offline_access",
        },
    }
    return render(request, "clients/spa.html", context)
