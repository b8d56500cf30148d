"""The endpoints ``/Groups``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from ..models import Connection
from . import groups
from .exchange import Exchange
from .filters import group_filter, matching
from .models import ProvisionedGroup
from .paging import Selection, read_page, rows_of
from .responses import list_response, no_content, respond
from .schemas import Group


def list_groups(exchange: Exchange) -> HttpResponse:
    page, selection = read_page(exchange.request), _selection(exchange)
    rows = groups.groups_of(exchange.connection)
    if text := exchange.request.GET.get("filter"):
        rows = rows.filter(matching(group_filter(text)))
    found, total = rows_of(rows, page)
    values: dict[int, list[str]] = {}
    if found and selection.has_members:
        found = groups.within_limit(found)
        values = groups.values_of(found)
    documents = (_document(exchange, group, values.get(group.pk)) for group in found)
    return list_response([selection.apply(each) for each in documents], total, page.start)


def create(exchange: Exchange) -> HttpResponse:
    selection = _selection(exchange)
    group = groups.create(exchange.connection, exchange.read("displayname"))
    values = groups.values_of([group])[group.pk] if selection.has_members else None
    return _answer(exchange, group, selection, values, 201)


def read(exchange: Exchange, key: str) -> HttpResponse:
    selection = _selection(exchange)
    group = groups.find(exchange.connection, key)
    values = groups.values_of([group])[group.pk] if selection.has_members else None
    return _answer(exchange, group, selection, values)


def replace(exchange: Exchange, key: str) -> HttpResponse:
    selection = _selection(exchange)
    group = groups.replace(exchange.connection, key, exchange.read("displayname"))
    values = groups.values_of([group])[group.pk] if selection.has_members else None
    return _answer(exchange, group, selection, values)


def patch(exchange: Exchange, key: str) -> HttpResponse:
    """Apply operations. A large group is not sent back: 204 says that they succeeded."""
    selection = _selection(exchange)
    group = groups.patch(exchange.connection, key, exchange.read("displayname"))
    values = None
    if selection.has_members and (values := groups.echoed_values(group)) is None:
        exchange.subject = group.display_name
        return no_content()
    return _answer(exchange, group, selection, values)


def delete(exchange: Exchange, key: str) -> HttpResponse:
    exchange.subject = groups.delete(exchange.connection, key).display_name
    return no_content()


def name_of(connection: Connection, key: str) -> str:
    return groups.find(connection, key).display_name


def _selection(exchange: Exchange) -> Selection:
    return Selection(exchange.request, Group)


def _answer(
    exchange: Exchange,
    group: ProvisionedGroup,
    selection: Selection,
    values: Iterable[str] | None,
    status: int = 200,
) -> HttpResponse:
    exchange.subject = group.display_name
    document = _document(exchange, group, values)
    response = respond(selection.apply(document), status)
    response["Location"] = document["meta"]["location"]
    return response


def _document(
    exchange: Exchange, group: ProvisionedGroup, values: Iterable[str] | None
) -> dict[str, Any]:
    return exchange.with_meta(groups.resource_of(group, values), "Group", group)


ALL = {"GET": list_groups, "POST": create}
ONE = {"GET": read, "PUT": replace, "PATCH": patch, "DELETE": delete}
