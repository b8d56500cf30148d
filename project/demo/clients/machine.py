"""A machine: signs in by its own credentials and calls an API. Here at the press of a button."""

from __future__ import annotations

from typing import Any

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from .registered import API_IDENTIFIER, MACHINE
from .settings import ISSUER

_TIMEOUT = 10


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "token_endpoint": f"{ISSUER}oauth/token",
        "machine": MACHINE,
        "audience": API_IDENTIFIER,
        "api": request.build_absolute_uri(reverse("orders")),
    }
    if request.method == "POST":
        context |= _call(context["api"])
    return render(request, "clients/machine.html", context)


def _call(api: str) -> dict[str, Any]:
    try:
        with OAuth2Session(MACHINE.client_id, MACHINE.secret) as session:
            tokens = session.fetch_token(
                f"{ISSUER}oauth/token",
                grant_type="client_credentials",
                audience=API_IDENTIFIER,
                timeout=_TIMEOUT,
            )
            answer = session.get(api, timeout=_TIMEOUT)
    except (OAuthError, requests.RequestException) as error:
        return {"error": error}
    # To show them. Whether they are true is the API's business.
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return {"claims": claims, "status": answer.status_code, "answer": answer.text}
