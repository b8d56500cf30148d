"""Which scripts of other origins may read an answer: those of the client that it is for."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from ..models.validators import is_plain
from .models import WebOrigin

_MAX_AGE = 600


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Answer a browser that asks before it sends a request (Fetch standard, "CORS-preflight").

    It does not say for which client, so the origin has to be one of any client's. The answer to
    the request itself is for the client's own.
    """
    response = HttpResponse(status=204)
    response["Allow"] = methods
    if allow_any_client(request, response):
        response["Access-Control-Allow-Methods"] = methods
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Auth0-Client"
        response["Access-Control-Max-Age"] = str(_MAX_AGE)
    return response


def allow_client(request: HttpRequest, response: HttpResponseBase, client_id: str) -> None:
    """Let scripts of the client's own web origins read the answer. One query for those alone."""
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    if origin and is_plain(client_id):
        own = _rows(origin).filter(client__oauth_application__client_id=client_id)
        if own.exists():
            response["Access-Control-Allow-Origin"] = origin


def allow_any_client(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Let scripts of any client's web origins read the answer; return whether this is one."""
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    is_known = bool(origin) and _rows(origin).exists()
    if is_known:
        response["Access-Control-Allow-Origin"] = origin
    return is_known


def _rows(origin: str) -> QuerySet[WebOrigin]:
    return WebOrigin.objects.filter(origin=origin if is_plain(origin) else "")
