"""The check of a bearer token. django-scim2 has none: it asks whether ``request.user`` is signed
in, and leaves that to another app."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from benchmarks.peers.django_scim2.models import Token


class BearerTokenMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            tokens = Token._default_manager.select_related("user")
            token = tokens.filter(digest=digest_of(value), user__is_active=True).first()
            if token is not None:
                request.user = token.user
        return self._get_response(request)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
