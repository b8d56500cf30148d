"""The connections that a command works on."""

from __future__ import annotations

from collections.abc import Iterator

from ..models import Connection

PAGE_SIZE = 100


def named_connections(names: list[str]) -> Iterator[Connection]:
    """Yield the existing connections with these names, in the given order, each once."""
    for name in dict.fromkeys(name.lower() for name in names):
        yield from Connection._default_manager.filter(name_key=name)


def all_connections() -> Iterator[Connection]:
    """Yield all connections in keyset pages, so that memory does not grow with their number."""
    connections = Connection._default_manager.order_by("name_key")
    last = ""
    while page := list(connections.filter(name_key__gt=last)[:PAGE_SIZE]):
        yield from page
        last = page[-1].name_key
