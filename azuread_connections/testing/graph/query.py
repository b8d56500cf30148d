"""OData's query options, and pages of a collection."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from ..server.call import Call
from ..server.wire import Response, json_response
from .errors import bad_request
from .filters import is_advanced, parse_filter, parse_search

Item = TypeVar("Item")

DEFAULT_PAGE = 100
LARGEST_PAGE = 999
OPTIONS = frozenset(
    {"$select", "$top", "$count", "$filter", "$search", "$orderby", "$skiptoken", "$expand"}
)
TOKEN_START = "RFNwdAIAAQ"


@dataclass(frozen=True)
class Query:
    """The options of one request, checked against a type's properties."""

    type_name: str
    properties: Collection[str]
    options: dict[str, str]
    eventual: bool

    @property
    def counts(self) -> bool:
        return self.options.get("$count", "").lower() == "true"

    def select(self) -> list[str] | None:
        """The selected properties; None where nothing was selected. 400 for a misspelt one."""
        text = self.options.get("$select", "").strip()
        if not text:
            return None
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in self.properties:
                raise bad_request(
                    f"Parsing OData Select and Expand failed: Could not find a property named "
                    f"'{name}' on type 'microsoft.graph.{self.type_name}'.",
                    "BadRequest",
                )
        return list(dict.fromkeys(names))

    def page_size(self) -> int:
        text = self.options.get("$top")
        if text is None:
            return DEFAULT_PAGE
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= LARGEST_PAGE:
            raise bad_request(
                f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."
            )
        return int(text)

    def offset(self) -> int:
        token = self.options.get("$skiptoken")
        return 0 if token is None else _read_skiptoken(token)

    def apply(self, items: Sequence[Item], show: Callable[[Item], dict[str, Any]]) -> list[Item]:
        """The items that `$filter` and `$search` keep, in the order of `$orderby`."""
        kept = list(items)
        if text := self.options.get("$filter"):
            test = parse_filter(text, self.properties)
            kept = [item for item in kept if test(show(item))]
        if text := self.options.get("$search"):
            test = parse_search(text, self.properties)
            kept = [item for item in kept if test(show(item))]
        if text := self.options.get("$orderby"):
            name, _, direction = text.strip().partition(" ")
            if name not in self.properties or direction not in ("", "asc", "desc"):
                raise bad_request(f"Unsupported or invalid sort property: '{text}'.")
            kept.sort(key=lambda item: str(show(item)[name] or "").lower())
            if direction == "desc":
                kept.reverse()
        return kept


def read_query(
    call: Call, type_name: str, properties: Collection[str], *, advanced: Collection[str]
) -> Query:
    """The options, if they are valid; `advanced` ones need the header and `$count=true`."""
    options = {
        (name if name.startswith("$") else f"${name}"): value
        for name, value in call.request.query.items()
    }
    for name in options:
        if name not in OPTIONS:
            raise bad_request(f"The query parameter '{name}' is not supported.", "BadRequest")
    eventual = call.request.headers.get("ConsistencyLevel", "").lower() == "eventual"
    query = Query(type_name, properties, options, eventual)
    _check_consistency(query, advanced)
    return query


def page(
    call: Call, query: Query, items: Sequence[Item], show: Callable[[Item], dict[str, Any]], of: str
) -> Response:
    """One page of the items, with the link to the next page, if any."""
    size, offset = query.page_size(), query.offset()
    document: dict[str, Any] = {
        "@odata.context": f"{call.url}/graph/v1.0/$metadata#{of}",
    }
    if query.counts and offset == 0:
        document["@odata.count"] = len(items)
    if offset + size < len(items):
        document["@odata.nextLink"] = _next_link(call, query, offset + size)
    document["value"] = [show(item) for item in items[offset : offset + size]]
    return json_response(document, headers={"request-id": call.incident.trace_id})


def _check_consistency(query: Query, advanced: Collection[str]) -> None:
    """A nextLink does not contain the header: it is required for every page."""
    needing = {name for name in advanced if name in query.options}
    if is_advanced(query.options.get("$filter", "")):
        needing.add("$filter")
    if {"$filter", "$orderby"} <= query.options.keys():
        needing.add("$orderby")
    if needing and not (query.eventual and (query.counts or needing == {"$search"})):
        option = min(needing)
        raise bad_request(
            f"Request with {option} query parameter only works through MSGraph with a special "
            "request header: 'ConsistencyLevel: eventual' and $count=true.",
            "Request_UnsupportedQuery",
        )
    if query.counts and not query.eventual:
        raise bad_request(
            "$count is not currently supported without the request header "
            "'ConsistencyLevel: eventual'."
        )


def _next_link(call: Call, query: Query, offset: int) -> str:
    kept = {name: value for name, value in query.options.items() if name != "$skiptoken"}
    token = f"{TOKEN_START}{_encode(offset)}"
    encoded = urlencode(kept | {"$skiptoken": token}, safe="$'(),:/")
    return f"{call.url}{call.request.path}?{encoded}"


def _encode(offset: int) -> str:
    """The text is opaque to clients."""
    pad = secrets.token_bytes(24)
    mask = int.from_bytes(pad[:4], "big")
    return base64.urlsafe_b64encode(pad + (offset ^ mask).to_bytes(4, "big")).decode().rstrip("=")


def _read_skiptoken(token: str) -> int:
    text = token.removeprefix(TOKEN_START)
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if text == token or len(raw) != 28:
        raise bad_request(
            "The specified page token value has expired and can no longer be included in your "
            "request.",
            "Directory_ExpiredPageToken",
        )
    return int.from_bytes(raw[:4], "big") ^ int.from_bytes(raw[24:], "big")
