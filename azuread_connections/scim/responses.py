"""Responses in SCIM's form (RFC 7644 sections 3.1 and 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from ..conf import conf
from .errors import ScimError

MEDIA_TYPE = "application/scim+json"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def respond(content: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Return a document; a resource with its address as Location header."""
    response = JsonResponse(content, status=status, content_type=MEDIA_TYPE)
    location = content.get("meta", {}).get("location")
    if location:
        response["Location"] = location
    return response


def no_content() -> HttpResponse:
    return HttpResponse(status=204, content_type=MEDIA_TYPE)


def error_response(error: ScimError) -> HttpResponse:
    content = {"schemas": [_ERROR], "status": str(error.status), "detail": error.detail}
    if error.scim_type:
        content["scimType"] = error.scim_type
    response = respond(content, error.status)
    for name, value in error.headers.items():
        response[name] = value
    return response


def list_response(resources: list[dict[str, Any]], total: int, start: int = 1) -> HttpResponse:
    return respond(
        {
            "schemas": [_LIST],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(resources),
            "Resources": resources,
        }
    )


def location(request: HttpRequest, name: str, path: str) -> str:
    """Return the address of a resource below a connection's base address."""
    address = reverse("azuread_scim:endpoint", args=[name, path])
    return f"{conf.public_url or f'{request.scheme}://{request.get_host()}'}{address}"
