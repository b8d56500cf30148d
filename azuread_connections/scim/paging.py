"""The query of a request: pages, and the attributes that the response has (RFC 7644 3.4.2, 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from scim2_models import Context, ResponseParameters

from .errors import ScimError
from .reading import POLICY, errors_of_library
from .schemas import MAX_PAGE_SIZE, PAGE_SIZE

#: The largest number that every database takes as an offset.
_MAX_START = 2**31 - 1

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page:
    """``start`` is at least 1, and ``count`` at least 0."""

    start: int
    count: int


def read_page(request: HttpRequest) -> Page:
    """Return the page that is asked for. Raises ``ScimError`` (``invalidValue``)."""
    start = _number(request, "startIndex", 1)
    count = _number(request, "count", PAGE_SIZE)
    return Page(min(max(start, 1), _MAX_START), min(max(count, 0), MAX_PAGE_SIZE))


def rows_of(
    rows: QuerySet[Row], page: Page, order: tuple[str, ...] = ("pk",)
) -> tuple[list[Row], int]:
    """Return the rows of a page in an order, and the number of rows on all pages.

    The keys are looked up first, from an index: an offset that reads whole rows would be slow. A
    page that is not full is the last one, so that nothing needs to be counted.
    """
    start = page.start - 1
    keys = list(rows.order_by(*order).values_list("pk", flat=True)[start : start + page.count])
    is_last = len(keys) < page.count and (bool(keys) or not start)
    total = start + len(keys) if is_last else rows.count()
    found = rows.model._default_manager.using(rows.db).in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found], total


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    try:
        if len(text) > 20:
            raise ValueError
        return int(text)
    except ValueError:
        raise ScimError(400, "invalidValue", f"{name} is not a number.") from None


class Selection:
    """The attributes that a response has."""

    def __init__(self, request: HttpRequest, model: Any) -> None:
        self._model = model
        given = {
            ours: request.GET[theirs]
            for ours, theirs in (
                ("attributes", "attributes"),
                ("excluded_attributes", "excludedAttributes"),
            )
            if request.GET.get(theirs)
        }
        self._parameters = None
        self.has_members = True
        if given:
            with errors_of_library("attributes, excludedAttributes: "):
                self._parameters = _parameters_of(model).model_validate(given)
            self.has_members = self._asks_for_members()

    def apply(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return the resource with the attributes that are asked for only."""
        if self._parameters is None:
            return resource
        found = self._model.model_validate(
            resource, scim_ctx=Context.DEFAULT, scim_policy=POLICY
        ).model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=self._parameters)
        return dict(found)

    def _asks_for_members(self) -> bool:
        if self._parameters is None:
            return True
        if self._parameters.attributes:
            return any(_names_members(path) for path in self._parameters.attributes)
        return not any(str(p).lower().rpartition(":")[2] == "members" for p in self._excluded)

    @property
    def _excluded(self) -> list[Any]:
        return list((self._parameters and self._parameters.excluded_attributes) or ())


@cache
def _parameters_of(model: Any) -> Any:
    """Kept: pydantic forgets a class that nobody uses, and takes milliseconds to build it again."""
    return ResponseParameters[model]


def _names_members(path: Any) -> bool:
    return str(path).lower().rpartition(":")[2].partition(".")[0] == "members"
