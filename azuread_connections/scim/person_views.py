"""The endpoints ``/Users``."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from ..models import Connection
from . import people
from .exchange import Exchange
from .filters import matching, user_filter
from .models import ProvisionedPerson
from .paging import Page, Selection, read_page, rows_of
from .people_state import resource_of
from .responses import list_response, no_content, respond
from .schemas import ScimUser

#: By key: nobody in a list is deleted. Without the column, PostgreSQL does not see that its index
#: for pages has this order, and reads the table.
_ORDER = ("deleted_at", "pk")


def list_people(exchange: Exchange) -> HttpResponse:
    page, selection = read_page(exchange.request), _selection(exchange)
    found, total = _found(exchange, page)
    return list_response(
        [selection.apply(_document(exchange, person)) for person in found], total, page.start
    )


def _found(exchange: Exchange, page: Page) -> tuple[list[ProvisionedPerson], int]:
    """Return the people of a page, and how many there are on all pages."""
    if not (text := exchange.request.GET.get("filter")):
        return rows_of(people.people_of(exchange.connection), page, _ORDER)
    conditions = user_filter(text)
    if len(conditions) == 1 and conditions[0].column in people.UNIQUE:
        one = people.find_by(exchange.connection, conditions[0].column, conditions[0].value)
        return one[page.start - 1 :][: page.count], len(one)
    return rows_of(people.people_of(exchange.connection).filter(matching(conditions)), page)


def create(exchange: Exchange) -> HttpResponse:
    selection = _selection(exchange)
    content = exchange.read("username")
    person = people.create(exchange.request, exchange.connection, content)
    return _answer(exchange, person, selection, 201)


def read(exchange: Exchange, key: str) -> HttpResponse:
    selection = _selection(exchange)
    return _answer(exchange, people.find(exchange.connection, key), selection)


def replace(exchange: Exchange, key: str) -> HttpResponse:
    selection = _selection(exchange)
    content = exchange.read("username")
    person = people.replace(exchange.request, exchange.connection, key, content)
    return _answer(exchange, person, selection)


def patch(exchange: Exchange, key: str) -> HttpResponse:
    selection = _selection(exchange)
    content = exchange.read("username")
    person = people.patch(exchange.request, exchange.connection, key, content)
    return _answer(exchange, person, selection)


def delete(exchange: Exchange, key: str) -> HttpResponse:
    exchange.subject = people.delete(exchange.connection, key).user_name
    return no_content()


def name_of(connection: Connection, key: str) -> str:
    return people.find(connection, key).user_name


def _selection(exchange: Exchange) -> Selection:
    return Selection(exchange.request, ScimUser)


def _answer(
    exchange: Exchange, person: ProvisionedPerson, selection: Selection, status: int = 200
) -> HttpResponse:
    exchange.subject = person.user_name
    document = _document(exchange, person)
    response = respond(selection.apply(document), status)
    response["Location"] = document["meta"]["location"]
    return response


def _document(exchange: Exchange, person: ProvisionedPerson) -> dict[str, Any]:
    return exchange.with_meta(resource_of(person), "User", person)


ALL = {"GET": list_people, "POST": create}
ONE = {"GET": read, "PUT": replace, "PATCH": patch, "DELETE": delete}
