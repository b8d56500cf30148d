"""What this service offers (RFC 7644 section 4)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from . import schemas as documents
from .errors import ScimError
from .exchange import Exchange
from .responses import list_response, respond


def service_provider_config(exchange: Exchange) -> HttpResponse:
    document = documents.service_provider_config()
    return respond(_located(exchange, document, "ServiceProviderConfig", "ServiceProviderConfig"))


def resource_types(exchange: Exchange) -> HttpResponse:
    return _list(exchange, documents.resource_types(), "ResourceType")


def resource_type(exchange: Exchange, key: str) -> HttpResponse:
    return _one(exchange, documents.resource_types(), "ResourceType", key)


def schemas(exchange: Exchange) -> HttpResponse:
    return _list(exchange, documents.schemas(), "Schema")


def schema(exchange: Exchange, key: str) -> HttpResponse:
    return _one(exchange, documents.schemas(), "Schema", key)


def _list(exchange: Exchange, known: dict[str, dict[str, Any]], kind: str) -> HttpResponse:
    if exchange.request.GET.get("filter"):
        # RFC 7644 section 4: filters on these are to be refused with 403.
        raise ScimError(403, "", "These documents cannot be filtered.")
    found = [_located(exchange, each, kind, f"{kind}s/{key}") for key, each in known.items()]
    return list_response(found, len(found))


def _one(exchange: Exchange, known: dict[str, dict[str, Any]], kind: str, key: str) -> HttpResponse:
    if key not in known:
        raise ScimError(404, "", f"There is no {kind} with the id {key[:100]!r}.")
    return respond(_located(exchange, known[key], kind, f"{kind}s/{key}"))


def _located(exchange: Exchange, document: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
    meta = {"resourceType": kind, "location": exchange.location(path)}
    return {**document, "meta": meta}
